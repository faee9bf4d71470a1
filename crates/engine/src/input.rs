//! What may happen to an instance, and what it happens in.

use std::collections::{BTreeMap, BTreeSet};

use graph::{Answer, CallError, Name, Value};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Status,
    limit::{Limits, NOBODY},
    link::{Links, Readable},
    policy::{Barred, NEWCOMER, Standing},
};

/// Something that happens to an instance.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// An event of its person.
    Event(Event),
    /// The moment it waited for may have come.
    Due,
    /// An attempt of its call has ended.
    CallEnded {
        /// The number of the call.
        call: u32,
        /// The attempt.
        attempt: u32,
        /// How it ended.
        outcome: CallOutcome,
    },
    /// An attempt that was under way is lost with the process that made it.
    AttemptLost,
    /// An operator's command.
    Operation(Operation),
    /// It ends, because another journey or a new instance says so.
    End {
        /// The status it ends with: [`Status::Stopped`] or [`Status::Replaced`].
        status: Status,
        /// What says so.
        reason: String,
    },
    /// It stands first in the queue, and begins.
    Begin,
    /// The attributes of its person have changed.
    ProfileChanged,
}

/// How an attempt ended: an answer, whatever its status, or the reason why there is none.
pub type CallOutcome = Result<Answer, CallError>;

/// An event, read against its declared shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// The id its sender gave it.
    pub id: Name,
    /// Its name in the language.
    pub name: Name,
    /// When it happened.
    pub at: Timestamp,
    /// Its properties.
    pub properties: Value,
}

/// What an operator may do with an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operation {
    /// Runs the failed step again. A call that a fault of our own met goes out again under the key that it had.
    Retry,
    /// Goes on after the failed step as if it had succeeded without a value.
    Skip,
    /// Goes on after the failed call as if its partner had answered this, which must fit what the action declares.
    Answer(String),
    /// Ends the instance.
    Cancel,
}

/// What an instance is advanced in.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The person's attributes as they are now.
    pub profile: &'a Value,
    /// The present moment.
    pub now: Timestamp,
    /// The audiences that the person belongs to, of those that the journey asks about.
    pub audiences: &'a BTreeSet<Name>,
    /// How the person stands with the policies that the journey sends under.
    pub standing: &'a Standing,
    /// What is known against addresses that messages of this turn go to.
    pub suppressed: &'a BTreeMap<Name, Barred>,
    /// Who writes the links in messages.
    pub links: &'a dyn Links,
    /// Who has come through the journey's limits.
    pub limits: &'a Limits,
    /// From how many events, each from the one before, this input follows; 0 for what comes from outside.
    pub follows: u32,
}

/// No audiences.
static NO_AUDIENCES: BTreeSet<Name> = BTreeSet::new();
/// No addresses.
static NO_ADDRESSES: BTreeMap<Name, Barred> = BTreeMap::new();

impl<'a> Context<'a> {
    /// The context of an input from outside, for somebody who belongs to no audience.
    pub fn of(profile: &'a Value, now: Timestamp) -> Context<'a> {
        Context {
            profile,
            now,
            audiences: &NO_AUDIENCES,
            standing: &NEWCOMER,
            suppressed: &NO_ADDRESSES,
            links: &Readable,
            limits: &NOBODY,
            follows: 0,
        }
    }
}
