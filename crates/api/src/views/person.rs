//! Events and profiles on the wire.

use serde::Serialize;
use store::{History, LoggedEvent, Profile, RefusedEvent};
use utoipa::ToSchema;

/// What became of the events of a request that fit.
#[derive(Debug, Serialize, ToSchema)]
pub struct IngestReceipt {
    /// Taken, durable and applied.
    pub accepted: usize,
    /// Known before by their ids; not applied again.
    pub duplicates: usize,
}

/// What became of a start.
#[derive(Debug, Serialize, ToSchema)]
pub struct StartReceipt {
    /// `entered`, `queued`, `stayed-out`, or `duplicate` for an id that is known.
    pub outcome: String,
    /// The instance.
    pub instance: Option<String>,
    /// Why the person stayed out.
    pub reason: Option<String>,
}

impl StartReceipt {
    /// What the journey that was started says.
    pub fn of(outcome: Option<runtime::Outcome>) -> StartReceipt {
        match outcome {
            Some(runtime::Outcome { outcome, instance, reason, .. }) => StartReceipt {
                outcome: outcome.to_string(),
                instance: instance.map(|id| id.to_string()),
                reason,
            },
            None => StartReceipt { outcome: "stayed-out".into(), instance: None, reason: None },
        }
    }

    /// The id is known.
    pub fn duplicate() -> StartReceipt {
        StartReceipt { outcome: "duplicate".into(), instance: None, reason: None }
    }
}

/// An event that was not taken.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusalView {
    /// Its place in the request, from zero.
    pub index: usize,
    /// The field that is wrong.
    pub field: String,
    /// Why.
    pub reason: String,
}

/// Events that were not taken, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefusedPage {
    /// The events.
    pub refused: Vec<RefusedEventView>,
    /// Given as `before`, it brings older ones; none when there are none.
    pub next: Option<String>,
}

/// An event that was not taken, as it is kept on record. What could not be read of it is null.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefusedEventView {
    /// The id of the record.
    pub id: String,
    /// When it came.
    pub at: String,
    /// The id its sender gave it.
    pub event_id: Option<String>,
    /// Its name on the wire.
    pub event: Option<String>,
    /// The person.
    pub profile: Option<String>,
    /// The field that is wrong.
    pub field: String,
    /// Why.
    pub reason: String,
    /// The beginning of what came.
    pub body: String,
}

/// A person's attributes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProfileView {
    /// The key that events carry.
    pub key: String,
    /// The attributes.
    #[schema(value_type = Object)]
    pub attributes: serde_json::Value,
    /// When the person was first seen.
    pub created_at: String,
    /// When the attributes last changed.
    pub updated_at: String,
    /// What they may unsubscribe from, by policy.
    pub subscriptions: Vec<SubscriptionView>,
}

/// Something that a person may unsubscribe from.
#[derive(Debug, Serialize, ToSchema)]
pub struct SubscriptionView {
    /// The policy.
    pub policy: String,
    /// What it is called for people.
    pub title: String,
    /// Whether the person gets it.
    pub subscribed: bool,
}

/// What happened to a person, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Timeline {
    /// The entries.
    pub entries: Vec<TimelineEntry>,
    /// Given as `before`, it brings the older ones; none when there are none.
    pub next: Option<String>,
}

/// An event that came, or a turn of an instance: one of the two is there.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimelineEntry {
    /// When.
    pub at: String,
    /// The event.
    pub event: Option<EventView>,
    /// The turn.
    pub turn: Option<TimelineTurn>,
}

/// An event and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventView {
    /// The id its sender gave it.
    pub id: String,
    /// Its name in the language.
    pub name: String,
    /// When it happened, by its sender.
    pub at: String,
    /// When it was taken in.
    pub received_at: String,
    /// Its properties.
    #[schema(value_type = Object)]
    pub properties: serde_json::Value,
    /// What became of it in each journey it concerns; empty when it was only stored.
    pub outcomes: Vec<OutcomeView>,
}

/// What an event did in a journey.
#[derive(Debug, Serialize, ToSchema)]
pub struct OutcomeView {
    /// The journey.
    pub journey: String,
    /// `entered`, `queued`, `stayed-out`, `reached`, `consumed`, `kept` or `ignored`.
    pub outcome: String,
    /// The instance it entered or met.
    pub instance: Option<String>,
    /// Why it did not enter, or was ignored.
    pub reason: Option<String>,
}

/// A turn of one of the person's instances.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimelineTurn {
    /// The instance.
    pub instance: String,
    /// Its journey.
    pub journey: String,
    /// The turn, from 1.
    pub turn: u32,
    /// What happened, as in an instance's path.
    #[schema(value_type = Vec<Object>)]
    pub happenings: serde_json::Value,
}

impl ProfileView {
    /// A person, and what they are subscribed to.
    pub fn new(profile: &Profile, subscriptions: Vec<runtime::Subscription>) -> ProfileView {
        let view = |one: runtime::Subscription| SubscriptionView {
            policy: one.policy.to_string(),
            title: one.title.to_string(),
            subscribed: one.subscribed,
        };
        ProfileView {
            subscriptions: subscriptions.into_iter().map(view).collect(),
            key: profile.key.to_string(),
            attributes: serde_json::from_str(&profile.attributes).unwrap_or_default(),
            created_at: profile.created_at.to_string(),
            updated_at: profile.updated_at.to_string(),
        }
    }
}

impl From<&RefusedEvent> for RefusedEventView {
    fn from(refused: &RefusedEvent) -> RefusedEventView {
        RefusedEventView {
            id: refused.id.to_string(),
            at: refused.at.to_string(),
            event_id: refused.event_id.clone(),
            event: refused.event.clone(),
            profile: refused.profile.clone(),
            field: refused.field.clone(),
            reason: refused.reason.clone(),
            body: refused.body.clone(),
        }
    }
}

impl From<&LoggedEvent> for TimelineEntry {
    fn from(event: &LoggedEvent) -> TimelineEntry {
        let outcomes: Vec<runtime::Outcome> = serde_json::from_str(&event.outcome).unwrap_or_default();
        let view = EventView {
            id: event.id.to_string(),
            name: event.name.to_string(),
            at: event.at.to_string(),
            received_at: event.received_at.to_string(),
            properties: serde_json::from_str(&event.properties).unwrap_or_default(),
            outcomes: outcomes
                .into_iter()
                .map(|outcome| OutcomeView {
                    journey: outcome.journey.to_string(),
                    outcome: outcome.outcome.to_string(),
                    instance: outcome.instance.map(|id| id.to_string()),
                    reason: outcome.reason,
                })
                .collect(),
        };
        TimelineEntry { at: event.received_at.to_string(), event: Some(view), turn: None }
    }
}

impl TimelineEntry {
    /// A turn of an instance of `journey`.
    pub fn of_turn(journey: &str, row: &History) -> TimelineEntry {
        TimelineEntry {
            at: row.at.to_string(),
            event: None,
            turn: Some(TimelineTurn {
                instance: row.instance.to_string(),
                journey: journey.to_owned(),
                turn: row.turn,
                happenings: serde_json::from_str(&row.happenings).unwrap_or_default(),
            }),
        }
    }
}
