//! A person of a turn: the profile, who of the instances listens, and what is remembered of the past.

use std::sync::OnceLock;

use engine::Event;
use graph::Value;
use store::Profile;
use uuid::Uuid;

use super::memory::Memory;

/// A person of a turn.
#[derive(Default)]
pub(super) struct Person {
    /// The profile; none of somebody who is not known.
    pub(super) row: Option<Profile>,
    /// Whether it is to be written.
    pub(super) changed: bool,
    /// The instances that events may matter to.
    pub(super) live: Vec<Uuid>,
    /// Whether those are all of them.
    pub(super) whole: bool,
    /// Whether nobody knew of them before this turn.
    pub(super) is_new: bool,
    /// What they did before that audiences look back at, where it was loaded.
    pub(super) past: Option<Vec<Event>>,
    /// The attributes as the current project reads them; the common case, read once a turn.
    pub(super) read: Option<Value>,
    /// What rules ask of their past, once anybody has asked: of somebody busy it is long, and a turn reads and writes it
    /// once.
    memory: OnceLock<Memory>,
    /// Whether that has changed.
    pub(super) remembers: bool,
}

impl Person {
    pub(super) fn memory(&self) -> &Memory {
        self.memory.get_or_init(|| Memory::of(self.row.as_ref()))
    }

    pub(super) fn change_memory(&mut self, change: impl FnOnce(&mut Memory)) {
        let mut memory = self.memory.take().unwrap_or_else(|| Memory::of(self.row.as_ref()));
        change(&mut memory);
        self.memory = OnceLock::from(memory);
        self.remembers = true;
    }

    /// The profile as it is to be written.
    pub(super) fn into_row(self) -> Option<Profile> {
        let entries = self.memory.get().filter(|_| self.remembers).map(Memory::text);
        self.row.map(|row| match entries {
            Some(entries) => Profile { entries, ..row },
            None => row,
        })
    }
}
