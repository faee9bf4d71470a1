//! What a worker knows of its shards, beside what is in the store.

use std::collections::{BTreeMap, HashSet};

use engine::AttemptId;
use jiff::Timestamp;
use store::Shard;
use tokio::time::Instant;
use uuid::Uuid;

use crate::{command::Command, sweep::Sweeper};

/// What a worker knows of its shards. All of it is in the store as well, and is read again after shards have changed
/// hands or something failed.
#[derive(Default)]
pub(crate) struct Known {
    /// The sequence number of the last event of each shard.
    pub(crate) cursors: Option<BTreeMap<Shard, i64>>,
    /// The passes over people.
    pub(crate) sweeper: Option<Sweeper>,
    /// The earliest moment at which an instance is known to be due.
    pub(crate) next_due: Option<Timestamp>,
    /// Whether more were due than the last turn drew.
    pub(crate) crowded: bool,
    /// Calls that nobody makes, by id above this one; none when all were looked at.
    pub(crate) recovering: Option<Option<Uuid>>,
    /// The attempts that are under way here.
    pub(crate) in_flight: HashSet<AttemptId>,
    /// Answers whose turn could not be written.
    pub(crate) kept: Vec<Command>,
    /// How long calls under way are waited for, once it is time to stop.
    pub(crate) patience: Option<Instant>,
}

impl Known {
    /// The end of a call was heard of.
    pub(crate) fn forget_call(&mut self, command: &Command) {
        if let Command::CallEnded { attempt, .. } | Command::CallDropped { attempt } = command {
            self.in_flight.remove(attempt);
        }
    }
}
