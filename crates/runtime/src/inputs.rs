//! What goes into a turn, and what comes out of one that is written.

use std::collections::BTreeMap;

use engine::{Input, Instance};
use jiff::Timestamp;
use store::{Shard, Turn, Wanted};
use uuid::Uuid;

use crate::{
    command::{Answer, Command, decide, wanted},
    dispatch::Reserved,
    sweep::Page,
    turn::{Batch, Dispatch},
};

/// What a turn is made of.
pub(crate) struct Inputs<'a> {
    pub(crate) now: Timestamp,
    pub(crate) commands: &'a [Command],
    pub(crate) due: Vec<Uuid>,
    /// Those whose calls nobody can end any more.
    pub(crate) lost: Vec<Uuid>,
    pub(crate) page: Option<Page>,
}

/// A turn that is written, and what remains to be done.
pub(crate) struct Written {
    pub(crate) turn: Turn,
    pub(crate) answers: Vec<Answer>,
    pub(crate) dispatches: Vec<Dispatch>,
    pub(crate) cursors: BTreeMap<Shard, i64>,
    pub(crate) reserved: Reserved,
}

impl Inputs<'_> {
    /// What must be loaded besides these instances.
    pub(crate) fn wanted(&self, own: &[Instance], shards: u16) -> Wanted {
        let mut wanted = wanted(self.commands);
        for instance in own {
            let shard = store::shard_of(&instance.profile, shards);
            wanted.profiles.push((shard, instance.profile.clone(), false));
        }
        if let Some(page) = &self.page {
            page.people.iter().for_each(|visitor| visitor.want(page.sweep.shard, &mut wanted));
        }
        wanted
    }

    /// Has all of it decided; what the commands' senders are to be told.
    pub(crate) fn decide(&self, batch: &mut Batch<'_>) -> Vec<Answer> {
        for id in &self.lost {
            batch.apply(*id, &Input::AttemptLost);
        }
        for id in &self.due {
            batch.apply(*id, &Input::Due);
        }
        if let Some(page) = &self.page {
            batch.sweep(page);
        }
        self.commands.iter().map(|command| decide(batch, command)).collect()
    }
}
