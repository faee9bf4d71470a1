//! What goes into a turn, and what comes out of one that is written.

use std::collections::{BTreeMap, HashSet};

use engine::{AttemptId, Input, Instance};
use jiff::Timestamp;
use store::{Draw, Shard, Turn, Wanted};
use uuid::Uuid;

use crate::{
    Entry,
    command::{Answer, Command, decide, wanted},
    dispatch::Reserved,
    sweep::Page,
    turn::{Batch, Dispatch},
};

/// What a turn is made of.
pub(crate) struct Inputs<'a> {
    pub(crate) now: Timestamp,
    pub(crate) commands: &'a [Command],
    /// Whether and which of those that are due belong to it.
    pub(crate) draw: Option<Draw>,
    /// Those whose calls nobody makes: lost, or held by a pause that is over.
    pub(crate) lost: Vec<Uuid>,
    pub(crate) page: Option<Page>,
}

/// A turn that is written, and what remains to be done.
pub(crate) struct Written {
    pub(crate) turn: Turn,
    pub(crate) answers: Vec<Answer>,
    pub(crate) dispatches: Vec<Dispatch>,
    pub(crate) entries: Vec<Entry>,
    pub(crate) cursors: BTreeMap<Shard, i64>,
    pub(crate) reserved: Reserved,
    /// When the next one is due of those that were not among the inputs, if that was asked for.
    pub(crate) next_due: Option<Timestamp>,
}

impl Inputs<'_> {
    /// Whether there is nothing in it, as far as is known before it is looked who is due.
    pub(crate) fn is_empty(&self) -> bool {
        self.commands.is_empty() && self.lost.is_empty() && self.page.is_none()
    }

    /// What must be loaded besides the instances whose calls nobody can end.
    pub(crate) fn wanted(&self, lost: &[Instance], shards: u16) -> Wanted {
        let mut wanted = wanted(self.commands);
        wanted.also(lost, shards);
        if let Some(page) = &self.page {
            page.people.iter().for_each(|visitor| visitor.want(page.sweep.shard, &mut wanted));
        }
        wanted.due = self.draw;
        wanted.each_once();
        wanted
    }

    /// Has all of it decided; what the commands' senders are to be told.
    pub(crate) fn decide(
        &self,
        due: &[Uuid],
        in_flight: &HashSet<AttemptId>,
        batch: &mut Batch<'_>,
    ) -> Vec<Answer> {
        for id in &self.lost {
            batch.recover(*id);
        }
        for id in due {
            // A call may wait for its turn in memory for longer than an attempt takes.
            if !batch.waits_for_one_of(in_flight, *id) {
                batch.apply(*id, &Input::Due);
            }
        }
        if let Some(page) = &self.page {
            batch.sweep(page);
        }
        self.commands.iter().map(|command| decide(batch, command)).collect()
    }
}
