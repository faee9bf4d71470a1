//! The instances that a turn lets in, for whoever records traces.

use connect::Trace;
use engine::Instance;
use store::Shard;

use super::Batch;
use crate::Entry;

/// The instances that a turn lets in, if anybody wants to know.
#[derive(Default)]
pub(super) struct Entries {
    /// Where the event comes from that is being taken.
    pub(super) sender: Option<Trace>,
    /// None if nobody wants to know.
    entered: Option<Vec<Entry>>,
}

impl Entries {
    pub(super) fn new(wanted: bool) -> Entries {
        Entries { sender: None, entered: wanted.then(Vec::new) }
    }

    /// An instance enters.
    pub(super) fn enter(&mut self, shard: Shard, instance: &Instance) {
        let Some(entered) = &mut self.entered else { return };
        entered.push(Entry {
            instance: instance.id,
            journey: instance.journey.clone(),
            version: instance.version.clone(),
            shard,
            sender: self.sender,
            took: std::time::Duration::ZERO,
        });
    }
}

impl Batch<'_> {
    /// The instances that were let in.
    pub(crate) fn entries(&mut self) -> Vec<Entry> {
        self.entries.entered.take().unwrap_or_default()
    }
}
