//! What a person is subscribed to, and links by which they change it.
//!
//! A change is an event of the person, `marketing.unsubscribed`, and goes through the same door as every other: it stands
//! in the log, journeys may heed it, and what has not gone out yet is held back.

use engine::link::WayBack;
use graph::{Name, subscription_event};
use serde::Serialize;
use serde_json::value::to_raw_value;
use store::Profile;
use uuid::Uuid;

use crate::{Error, Incoming, Received, Runtime, What, turn::unsubscribed_from};

/// Something that a person may unsubscribe from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The policy.
    pub policy: Name,
    /// What it is called for people.
    pub title: Name,
    /// Whether the person gets it.
    pub subscribed: bool,
}

/// The properties of the event of a change.
#[derive(Serialize)]
struct Change<'a> {
    via: &'a str,
    message: &'a str,
    instance: Uuid,
}

impl Runtime {
    /// What a link says that stood in a message; none if this deployment did not write it.
    pub fn read_link(&self, token: &str) -> Option<WayBack> {
        self.shared.links.read(token)
    }

    /// What a person may unsubscribe from, by name, and whether they have.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn subscriptions(&self, profile: &str) -> Result<Vec<Subscription>, Error> {
        let row = self.store().profile(self.shard_of(profile), profile).await?;
        Ok(self.subscriptions_of(row.as_ref()))
    }

    /// The same of somebody whose row is at hand; of somebody unknown, who has left nothing.
    pub fn subscriptions_of(&self, row: Option<&Profile>) -> Vec<Subscription> {
        let left = unsubscribed_from(row);
        let project = self.catalog().project();
        let policies = project.policies.values();
        let known = policies.filter_map(|policy| Some((policy.name.clone(), policy.subscription.clone()?)));
        known
            .map(|(policy, title)| Subscription { subscribed: !left.contains_key(&policy), policy, title })
            .collect()
    }

    /// Whoever followed a link unsubscribes from policies, or comes back to them; `via` says how they did it.
    ///
    /// # Errors
    /// When nothing can be taken now, or whether it was is unknown.
    pub async fn subscribe(&self, back: &WayBack, changes: &[(Name, bool)], via: &str) -> Result<(), Error> {
        let change = Change { via, message: &back.message, instance: back.instance };
        let properties = to_raw_value(&change).ok();
        let events = changes.iter().map(|(policy, subscribed)| Incoming {
            id: Uuid::now_v7().to_string(),
            what: What::Event(subscription_event(policy, *subscribed).to_string()),
            profile: back.profile.to_string(),
            at: None,
            properties: properties.clone(),
        });
        let received = events.map(|event| Received { text: "", event: Ok(event), sender: None }).collect();
        // A policy that is gone since is nothing to unsubscribe from: its event is refused, and that is on record.
        self.take_events(received).await.map(drop)
    }
}
