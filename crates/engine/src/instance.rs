//! An instance: one person's place in one version of one journey, complete in itself.

use std::collections::BTreeMap;

use graph::{CallError, Name, Request, Value};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Event, audience::Seen};

/// One person's place in one version of one journey.
#[derive(Clone, Debug, PartialEq)]
pub struct Instance {
    /// Its id, given at entry.
    pub id: Uuid,
    /// The journey.
    pub journey: Name,
    /// The version of the journey, which it keeps.
    pub version: Name,
    /// The key of the person.
    pub profile: Name,
    /// What `one per` gave at entry; empty for journeys with one instance per person.
    pub key: Name,
    /// Whether it goes on, and how it ended if not.
    pub status: Status,
    /// The step where it stands, or ended.
    pub step: Name,
    /// When it entered.
    pub entered_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// The moment at which it must be looked at again: the end of a wait, the next attempt of a call, or the moment
    /// at which an attempt whose result never came counts as lost.
    pub due_at: Option<Timestamp>,
    /// How many inputs have changed it; numbers its history.
    pub turn: u32,
    /// All else it remembers.
    pub state: State,
}

/// Whether an instance goes on, and how it ended if not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Waits for a moment or an event.
    Waiting,
    /// Waits for the answer of a call, or for its next attempt.
    Calling,
    /// Watches its person for an audience, as long as there is one.
    Member,
    /// Begins when an earlier instance under the same key has ended.
    Queued,
    /// Reached the end.
    Completed,
    /// Left by an `exit` step or an `exit on` rule.
    Exited,
    /// Parked at the step that failed; an operator may retry or skip it.
    Failed,
    /// Ended by an operator.
    Cancelled,
    /// Left because its journey's time was over.
    Expired,
    /// Ended by another journey.
    Stopped,
    /// Ended because its person entered anew under the same key.
    Replaced,
}

impl Status {
    /// Every status: first those that go on.
    pub const ALL: [Status; 11] = [
        Status::Waiting,
        Status::Calling,
        Status::Queued,
        Status::Member,
        Status::Completed,
        Status::Exited,
        Status::Failed,
        Status::Cancelled,
        Status::Expired,
        Status::Stopped,
        Status::Replaced,
    ];

    /// Whether it still goes on by itself.
    pub fn is_live(self) -> bool {
        matches!(self, Status::Waiting | Status::Calling | Status::Queued | Status::Member)
    }

    /// The word for it in the API.
    pub fn word(self) -> &'static str {
        match self {
            Status::Waiting => "waiting",
            Status::Calling => "calling",
            Status::Queued => "queued",
            Status::Member => "member",
            Status::Completed => "completed",
            Status::Exited => "exited",
            Status::Failed => "failed",
            Status::Cancelled => "cancelled",
            Status::Expired => "expired",
            Status::Stopped => "stopped",
            Status::Replaced => "replaced",
        }
    }

    /// The number under which it is stored; never reused.
    pub fn code(self) -> i16 {
        match self {
            Status::Waiting => 0,
            Status::Calling => 1,
            Status::Completed => 2,
            Status::Exited => 3,
            Status::Failed => 4,
            Status::Cancelled => 5,
            Status::Expired => 6,
            Status::Queued => 7,
            Status::Stopped => 8,
            Status::Replaced => 9,
            Status::Member => 10,
        }
    }

    /// The status stored under a number.
    pub fn of_code(code: i16) -> Option<Status> {
        Status::ALL.into_iter().find(|status| status.code() == code)
    }
}

/// What an instance remembers besides its place.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The properties of the event it entered with.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub event: Value,
    /// The name of that event.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub entered_by: Name,
    /// The id of that event, if it was a `start`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start: Option<Name>,
    /// The values of `let` and `as`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<Name, Value>,
    /// How many calls it has begun; numbers them.
    #[serde(default)]
    pub calls: u32,
    /// The call it waits for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<PendingCall>,
    /// Events that came since the last wait and that a later `wait for` may consume, in the order they came.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inbox: Vec<KeptEvent>,
    /// Why it failed, or is failing while the `on failure` block runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How it will have ended, while the `on exit` block runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaving: Option<Leaving>,
    /// From how many events, each from the one before, it has come here without time passing in a wait.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub follows: u32,
    /// When it reached the journey's goal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<Timestamp>,
    /// What the windows of its audience hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub windows: Vec<Seen>,
    /// Whether it is over, and its goal may still be reached.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub watching: bool,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

fn is_empty(name: &Name) -> bool {
    name.is_empty()
}

/// A call that has been decided and not yet answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PendingCall {
    /// Its number in the instance, from 1.
    pub number: u32,
    /// The action.
    pub action: Name,
    /// The request; the same for every attempt.
    pub request: Request,
    /// The attempt under way or to come, from 1.
    pub attempt: u32,
    /// When the first attempt was decided.
    pub since: Timestamp,
    /// Whether the attempt has been handed out, so that its result is awaited; else it is due at `due_at`, or held.
    pub under_way: bool,
    /// Since when it is held, because its connection is paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Timestamp>,
}

/// Which attempt of which call: what a result is the result of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AttemptId {
    /// Whose call it is.
    pub instance: Uuid,
    /// The call's number in the instance, from 1.
    pub call: u32,
    /// The attempt's number in the call, from 1.
    pub attempt: u32,
}

/// An event that may be consumed by a later `wait for`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptEvent {
    /// Its id.
    pub id: Name,
    /// Its name in the language.
    pub name: Name,
    /// When it happened.
    pub at: Timestamp,
    /// Its properties.
    pub properties: Value,
    /// Whether a wait has ended since it came, so that only a `wait for … since enter` sees it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stale: bool,
}

impl KeptEvent {
    /// An event that comes now.
    pub(crate) fn of(event: &Event) -> KeptEvent {
        KeptEvent {
            id: event.id.clone(),
            name: event.name.clone(),
            at: event.at,
            properties: event.properties.clone(),
            stale: false,
        }
    }
}

/// Why an instance failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// The step that failed, where a retry starts.
    pub step: Name,
    /// The error.
    pub error: CallError,
    /// When it failed.
    pub at: Timestamp,
}

/// How an instance ends once its `on exit` block has run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Leaving {
    /// The status it will have.
    pub status: Status,
    /// The step it left from.
    pub step: Name,
    /// Why, when the journey or the event says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Instance {
    /// Whether events may still matter to it.
    pub fn listens(&self) -> bool {
        self.status.is_live() || self.state.watching
    }

    /// Puts off an attempt that could not be handed out for want of room. The time in all is counted from the first attempt
    /// that goes out.
    pub fn put_off(&mut self, until: Timestamp) {
        if let Some(call) = &mut self.state.call {
            call.under_way = false;
            if call.attempt == 1 {
                call.since = until;
            }
            self.due_at = Some(until);
        }
    }

    /// Holds an attempt whose connection is paused: it waits for nothing but that it goes on.
    pub fn hold(&mut self, now: Timestamp) {
        if let Some(call) = &mut self.state.call {
            call.under_way = false;
            call.held = Some(now);
            self.due_at = None;
        }
    }

    /// The connection that holds it goes on: the attempt is due now. The time for which it was held does not count. False if
    /// it is not held.
    pub fn release(&mut self, now: Timestamp) -> bool {
        let Some(call) = &mut self.state.call else { return false };
        let Some(held) = call.held.take() else { return false };
        let held_for = now.duration_since(held).max(SignedDuration::ZERO);
        call.since = call.since.checked_add(held_for).unwrap_or(now);
        self.due_at = Some(now);
        true
    }

    /// The connection that holds it.
    pub fn held_by(&self) -> Option<&Name> {
        self.state.call.as_ref().filter(|call| call.held.is_some()).map(|call| &call.request.connection)
    }

    /// The attempt that has been handed out, if its result is awaited.
    pub fn attempt_under_way(&self) -> Option<AttemptId> {
        let call = self.state.call.as_ref().filter(|call| call.under_way)?;
        Some(AttemptId { instance: self.id, call: call.number, attempt: call.attempt })
    }

    /// The attempt under way is known to be: it is not looked for before this moment.
    pub fn is_still_under_way(&mut self, until: Timestamp) {
        if self.attempt_under_way().is_some() {
            self.due_at = Some(until);
        }
    }

    /// The key under which a partner may recognise repetitions of a call: stable over attempts and restarts; and, where an
    /// old copy of the database is restored and the event that began it comes again, the same as before. So what tells when
    /// it entered, the first six bytes of the id (RFC 9562, section 5.7), is no part of it. The others are a hash of the
    /// entry; whose it is stands beside them, so that no two people ever share a key.
    pub fn idempotency_key(&self, call: u32) -> Uuid {
        let [_, _, _, _, _, _, entry @ ..] = self.id.into_bytes();
        let whose = [&*self.profile, &*self.journey].join("\u{0}");
        Uuid::new_v5(&Uuid::NAMESPACE_OID, &[&entry[..], &call.to_be_bytes(), whose.as_bytes()].concat())
    }
}
