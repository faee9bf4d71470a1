//! Instances on the wire.

use engine::{Instance, PendingCall};
use graph::{Journey, Moment, StepKind, json};
use serde::Serialize;
use store::History;
use utoipa::ToSchema;

/// A page of instances, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct InstancePage {
    /// The instances.
    pub instances: Vec<InstanceSummary>,
    /// Given as `before`, it brings the next page; none on the last one.
    pub next: Option<String>,
}

/// An instance in a list.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InstanceSummary {
    /// Its id.
    pub id: String,
    /// The journey.
    pub journey: String,
    /// The version of the journey.
    pub version: String,
    /// The person.
    pub profile: String,
    /// What `one per` gave; empty for one instance per person.
    pub key: String,
    /// `waiting`, `calling`, `completed`, `exited`, `failed`, `cancelled` or `expired`.
    pub status: String,
    /// The step where it stands, or ended.
    pub step: String,
    /// When it entered.
    pub entered_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// Why it ended, where it says.
    pub reason: Option<String>,
    /// Why it failed, if it has.
    pub failure: Option<FailureView>,
}

/// Why an instance failed.
#[derive(Debug, Serialize, ToSchema)]
pub struct FailureView {
    /// The step.
    pub step: String,
    /// `timeout`, `refused`, `http`, `invalid`, `capped`, `open`, `auth` or `internal`.
    pub kind: String,
    /// What happened.
    pub reason: String,
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// When.
    pub at: String,
}

/// One instance whole.
#[derive(Debug, Serialize, ToSchema)]
pub struct InstanceView {
    /// What a list shows.
    #[serde(flatten)]
    pub summary: InstanceSummary,
    /// The properties of the event it entered with.
    #[schema(value_type = Object)]
    pub event: serde_json::Value,
    /// The values of `let` and `as`.
    #[schema(value_type = Object)]
    pub variables: serde_json::Value,
    /// What it waits for; none when it is over.
    pub waits: Option<WaitsView>,
    /// What happened to it, oldest first.
    pub path: Vec<TurnView>,
}

/// What an instance waits for.
#[derive(Debug, Serialize, ToSchema)]
pub struct WaitsView {
    /// In words.
    pub text: String,
    /// The moment at which it goes on at the latest.
    pub until: Option<String>,
    /// The events that let it go on.
    pub events: Vec<String>,
    /// The call it waits for.
    pub call: Option<CallView>,
}

/// A call under way.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallView {
    /// The action.
    pub action: String,
    /// The attempt under way or to come.
    pub attempt: u32,
    /// The HTTP method.
    pub method: String,
    /// The connection.
    pub connection: String,
    /// The path and query.
    pub path: String,
    /// The body.
    pub body: Option<String>,
    /// Sent with every attempt as `Idempotency-Key`.
    pub idempotency_key: String,
}

/// What happened in one turn.
#[derive(Debug, Serialize, ToSchema)]
pub struct TurnView {
    /// Its number, from 1.
    pub turn: u32,
    /// When.
    pub at: String,
    /// What happened, each with `what` it was: `entered`, `passed`, `waits`, `consumed`, `call-begun`, `call-ended`,
    /// `failed`, `operated` or `ended`.
    #[schema(value_type = Vec<Object>)]
    pub happenings: serde_json::Value,
}

impl From<&Instance> for InstanceSummary {
    fn from(instance: &Instance) -> InstanceSummary {
        InstanceSummary {
            id: instance.id.to_string(),
            journey: instance.journey.to_string(),
            version: instance.version.to_string(),
            profile: instance.profile.to_string(),
            key: instance.key.to_string(),
            status: instance.status.word().to_owned(),
            step: instance.step.to_string(),
            entered_at: instance.entered_at.to_string(),
            updated_at: instance.updated_at.to_string(),
            reason: instance.state.reason.clone(),
            failure: instance.state.failure.as_ref().map(|failure| FailureView {
                step: failure.step.to_string(),
                kind: failure.error.kind.word().to_owned(),
                reason: failure.error.reason.clone(),
                status: failure.error.status,
                at: failure.at.to_string(),
            }),
        }
    }
}

impl InstanceView {
    /// An instance with its history, read with its version of the journey where that is known.
    pub fn new(instance: &Instance, journey: Option<&Journey>, history: &[History]) -> InstanceView {
        let variables = instance
            .state
            .variables
            .iter()
            .map(|(name, value)| (name.to_string(), json::to_json(value)))
            .collect::<serde_json::Map<_, _>>();
        InstanceView {
            summary: instance.into(),
            event: json::to_json(&instance.state.event),
            variables: variables.into(),
            waits: instance.status.is_live().then(|| WaitsView::new(instance, journey)),
            path: history.iter().map(TurnView::from).collect(),
        }
    }
}

impl From<&History> for TurnView {
    fn from(row: &History) -> TurnView {
        TurnView {
            turn: row.turn,
            at: row.at.to_string(),
            happenings: serde_json::from_str(&row.happenings).unwrap_or_default(),
        }
    }
}

impl WaitsView {
    fn new(instance: &Instance, journey: Option<&Journey>) -> WaitsView {
        let step = journey.and_then(|journey| journey.step(journey.find(&instance.step)?));
        let until = instance.due_at.map(|due| due.to_string());
        if let Some(call) = &instance.state.call {
            let text = if call.held.is_some() {
                format!("`{}` to go on: it is paused", call.request.connection)
            } else if call.under_way {
                format!("the answer of `{}`", call.action)
            } else {
                format!("attempt {} of `{}`", call.attempt, call.action)
            };
            let until = until.filter(|_| !call.under_way);
            return WaitsView { text, until, events: Vec::new(), call: Some(CallView::new(instance, call)) };
        }
        let events: Vec<String> = match step.map(|step| &step.kind) {
            Some(StepKind::WaitFor { arms, .. }) => arms.iter().map(|arm| arm.on.event.to_string()).collect(),
            _ => Vec::new(),
        };
        let text = match step.map(|step| &step.kind) {
            Some(StepKind::Wait(Moment::After(_))) => "the end of a pause".to_owned(),
            Some(StepKind::Wait(_)) => "a moment".to_owned(),
            Some(StepKind::WaitFor { .. }) => format!("the event {}", events.join(" or ")),
            _ => "its next turn".to_owned(),
        };
        WaitsView { text, until, events, call: None }
    }
}

impl CallView {
    fn new(instance: &Instance, call: &PendingCall) -> CallView {
        CallView {
            action: call.action.to_string(),
            attempt: call.attempt,
            method: call.request.method.to_string(),
            connection: call.request.connection.to_string(),
            path: call.request.path.clone(),
            body: call.request.body.as_ref().map(|(_, body)| body.clone()),
            idempotency_key: instance.idempotency_key(call.number).to_string(),
        }
    }
}
