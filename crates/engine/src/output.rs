//! What an input does: the instance afterwards, the calls to make, and what happened on the way.

use graph::{CallError, Name, Request, Value};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Event, Instance, limit::Passage};

/// What an input does.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// The instance afterwards.
    pub instance: Instance,
    /// What must be carried out once the instance is stored.
    pub effects: Vec<Effect>,
    /// Attributes of the person that changed, in order.
    pub changes: Vec<(Name, Value)>,
    /// The policies that messages and calls went out under, once for each.
    pub sent: Vec<Name>,
    /// The addresses that messages of this turn would go to: whether any of them is suppressed must be known.
    pub addresses: Vec<Name>,
    /// The addresses that messages went out to under a policy which people can unsubscribe from.
    pub reached: Vec<Name>,
    /// Addresses and policies that somebody who was erased had left, and that this person has come back to.
    pub lifted: Vec<(Name, Name)>,
    /// The limits that the person comes through for the first time.
    pub passages: Vec<Passage>,
    /// Events of the same person that follow, in order.
    pub emitted: Vec<Event>,
    /// Instances of the same person that are to end.
    pub stops: Vec<Stop>,
    /// What happened, in order; the instance's history.
    pub happenings: Vec<Happening>,
    /// Why the input changed nothing, if it did not.
    pub ignored: Option<Ignored>,
}

impl Output {
    /// An output in which nothing has happened yet.
    pub(crate) fn of(instance: Instance) -> Output {
        Output {
            instance,
            effects: Vec::new(),
            changes: Vec::new(),
            sent: Vec::new(),
            addresses: Vec::new(),
            reached: Vec::new(),
            lifted: Vec::new(),
            passages: Vec::new(),
            emitted: Vec::new(),
            stops: Vec::new(),
            happenings: Vec::new(),
            ignored: None,
        }
    }
}

/// Instances of the same person that are to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// Their journey.
    pub journey: Name,
    /// Their key; any, when it does not say.
    pub key: Option<Name>,
}

/// What must be carried out.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Make one attempt of a call and report how it ended.
    Call {
        /// The number of the call in the instance.
        call: u32,
        /// The attempt, from 1.
        attempt: u32,
        /// The same for every attempt of the call.
        idempotency_key: Uuid,
        /// The action.
        action: Name,
        /// The request.
        request: Request,
        /// For how long a good answer may be given to calls that ask the same, in microseconds.
        cache: Option<i64>,
    },
}

/// One thing that happened to an instance.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum Happening {
    /// It entered by an event.
    Entered {
        /// The event's id.
        event: Name,
    },
    /// Somebody is inside already: it waits for its turn.
    Queued,
    /// Its turn has come.
    Begun,
    /// Its person has come to belong to its audience.
    Joined,
    /// Its person has ceased to belong to its audience.
    Left,
    /// The journey's goal was reached.
    Reached {
        /// The event's id.
        event: Name,
        /// The event's name.
        name: Name,
    },
    /// It let an event happen, or started a journey.
    Emitted {
        /// The step.
        step: Name,
        /// The event's id.
        event: Name,
        /// The event's name.
        name: Name,
    },
    /// It ends the person's instances of a journey.
    Stops {
        /// The step.
        step: Name,
        /// The journey.
        journey: Name,
    },
    /// It left a step.
    Passed {
        /// The step.
        step: Name,
        /// What decided the way: the label of the edge taken.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        way: Option<Name>,
    },
    /// A wait began.
    Waits {
        /// The step.
        step: Name,
        /// Until when at most.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// A `wait for` or an `exit on` consumed an event.
    Consumed {
        /// The event's id.
        event: Name,
        /// The event's name.
        name: Name,
    },
    /// A condition on an event could not be decided, so it did not hold.
    Undecided {
        /// The event's id.
        event: Name,
        /// The event's name.
        name: Name,
        /// Why.
        reason: String,
    },
    /// A message or a call does not go out.
    HeldBack {
        /// The step.
        step: Name,
        /// The policy that says so; none where its address is suppressed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        policy: Option<Name>,
        /// Why.
        reason: String,
    },
    /// An attempt of a call was handed out.
    CallBegun {
        /// The step.
        step: Name,
        /// The call's number.
        call: u32,
        /// The attempt.
        attempt: u32,
        /// The action.
        action: Name,
        /// The request, in the first attempt.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        request: Option<Request>,
    },
    /// An attempt of a call ended.
    CallEnded {
        /// The step.
        step: Name,
        /// The call's number.
        call: u32,
        /// The attempt.
        attempt: u32,
        /// The status, when there was an answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        status: Option<u16>,
        /// The beginning of the answer's body.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        body: Option<String>,
        /// What went wrong, if something did.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<CallError>,
        /// When the next attempt follows, if one does.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again_at: Option<Timestamp>,
    },
    /// An attribute of the person changed.
    Set {
        /// The step.
        step: Name,
        /// The attribute.
        attribute: Name,
        /// Its new value.
        value: Value,
    },
    /// It is about to end: the `on exit` block runs.
    Leaves {
        /// The status it will end with.
        status: crate::Status,
        /// Why, when the journey or the event says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
    /// A step failed and nothing in the journey settles it.
    Failed {
        /// The step.
        step: Name,
        /// The error.
        error: CallError,
    },
    /// An operator acted.
    Operated {
        /// `retry`, `skip` or `cancel`.
        operation: Name,
    },
    /// It ended.
    Ended {
        /// The status it ended with.
        status: crate::Status,
        /// Why, when the journey or the event says.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

/// Why an input changed nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ignored {
    /// The instance is over.
    Over,
    /// The moment has not come.
    TooEarly,
    /// It waits for no such event, or the event's conditions do not hold.
    NotAwaited,
    /// A condition on the event could not be decided, for this reason.
    Undecided(Name),
    /// It does not wait for the result of this attempt.
    NotThisCall,
    /// The operation does not fit its status.
    NotNow,
    /// What an operator answers in a partner's place does not fit, for this reason.
    Unfit(Name),
    /// It keeps as many events for later waits as it may.
    TooMany,
}

impl Ignored {
    /// The reason in a sentence.
    pub fn reason(&self) -> String {
        let fixed = match self {
            Ignored::Over => "the instance is over",
            Ignored::TooEarly => "the moment it waits for has not come",
            Ignored::NotAwaited => "it does not wait for this event",
            Ignored::Undecided(reason) => return format!("its condition could not be decided: {reason}"),
            Ignored::NotThisCall => "it does not wait for the result of this attempt",
            Ignored::NotNow => "the operation does not fit the instance's status",
            Ignored::Unfit(reason) => return reason.to_string(),
            Ignored::TooMany => "it already keeps as many events for later waits as it may",
        };
        fixed.to_owned()
    }
}
