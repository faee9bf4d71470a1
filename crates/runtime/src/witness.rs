//! What happens, told to whoever records traces of it: an instance enters, an attempt ends, a request is answered.
//!
//! What goes out: names that the project chose, numbers, and how it ended. Deliberately absent: how and where it is recorded,
//! and whatever a person, an event or an answer holds, so that nobody who records can give it away.

use std::time::Duration;

use connect::{Host, Trace};
use graph::Name;
use serde::{Deserialize, Deserializer, Serializer};
use store::Shard;
use uuid::Uuid;

use crate::Runtime;

/// Whoever records traces. It is told on the way of events and calls, so it must not wait for anything.
pub trait Witness: Send + Sync {
    /// Whether the trace of an instance is recorded; always the same for the same instance, on every node.
    fn records(&self, instance: Uuid) -> bool;

    /// An instance has entered, and that is written.
    fn entered(&self, entry: Entry);

    /// An attempt has ended; only told of instances whose trace is recorded.
    fn attempted(&self, attempt: Attempted);

    /// A request begins, from somebody whose trace this is; gives the span that will stand for it, if it is recorded.
    fn asked(&self, sender: Option<Trace>) -> Option<Trace>;

    /// A request that is recorded was answered.
    fn answered(&self, answered: Answered);
}

/// An instance that has entered.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The instance.
    pub instance: Uuid,
    /// Its journey.
    pub journey: Name,
    /// The version of the journey.
    pub version: Name,
    /// The shard of its person.
    pub shard: Shard,
    /// Where, in the traces of whoever sent it, the event comes from that it follows from.
    pub sender: Option<Trace>,
    /// How long the turn took that it entered in, to the moment when it was durable.
    pub took: Duration,
}

/// An attempt of a call that has ended, or was held back before it began.
#[derive(Clone, Debug)]
pub struct Attempted {
    /// Its place in the instance's trace, as the partner was told.
    pub trace: Trace,
    /// What it is an attempt of.
    pub call: Called,
    /// The number of the call in the instance, from 1.
    pub number: u32,
    /// The number of the attempt of the call, from 1.
    pub attempt: u32,
    /// The method, or [`graph::mail::MAIL`].
    pub method: Name,
    /// Where it went, if that is no secret and it went out.
    pub host: Option<Host>,
    /// The status of the answer (of a mail, the code of the reply), or how it failed, in a word.
    pub end: Result<u16, &'static str>,
    /// How long it took.
    pub took: Duration,
}

/// What is called, by whom.
#[derive(Clone, Debug)]
pub struct Called {
    /// The connection.
    pub connection: Name,
    /// The action.
    pub action: Name,
    /// The journey.
    pub journey: Name,
    /// The step of it.
    pub step: Name,
}

/// A request that was answered.
#[derive(Clone, Debug)]
pub struct Answered {
    /// Its span, as [`Witness::asked`] gave it.
    pub trace: Trace,
    /// The span of the sender that it belongs to.
    pub sender: Option<Trace>,
    /// The method.
    pub method: String,
    /// The route, without what a path holds of people.
    pub route: String,
    /// The status of the answer.
    pub status: u16,
    /// How long it took.
    pub took: Duration,
}

impl Runtime {
    /// Whoever records traces; none if nobody does.
    pub fn witness(&self) -> Option<&dyn Witness> {
        self.shared.calling.witness.as_deref()
    }
}

/// Writes a trace down for another node.
#[expect(clippy::ref_option, reason = "serde asks for a reference to the field")]
pub(crate) fn write_trace<S: Serializer>(trace: &Option<Trace>, to: S) -> Result<S::Ok, S::Error> {
    match trace {
        Some(trace) => to.collect_str(trace),
        None => to.serialize_none(),
    }
}

/// Reads a trace that another node wrote down.
pub(crate) fn read_trace<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Trace>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.and_then(|text| Trace::read(&text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Received, Refusal, ask::Forwarded};

    #[test]
    fn another_node_is_told_where_an_event_comes_from() {
        let sender = Some(Trace::of(Uuid::from_u128(7), 1, 2, true));
        let refusal = || Refusal { field: "id".into(), reason: "is missing".into() };
        for sender in [sender, None] {
            let received = Received { text: "{}", event: Err(refusal()), sender };
            let written = serde_json::to_string(&received).unwrap();
            let read: Forwarded = serde_json::from_str(&written).unwrap();
            assert_eq!(read.sender, sender, "{written}");
        }
    }
}
