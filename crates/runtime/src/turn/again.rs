//! Events whose ids were taken before: the same ones once more, or others, whose sender has used an id twice.

use engine::Event;
use graph::{Name, started};
use store::{KnownEvent, RefusedEvent, instance_id};

use super::{Batch, NewEvent};
use crate::{Receipt, Refusal, check::kept_of};

/// By which event an id is taken.
pub(super) enum Taken {
    /// By one of an earlier turn.
    Before(KnownEvent),
    /// By one of this turn: its place in the turn's log.
    Now(usize),
}

impl Taken {
    /// An event of an earlier turn, by profile and id.
    pub(super) fn before(event: KnownEvent) -> ((Name, Name), Taken) {
        ((event.profile.clone(), event.id.clone()), Taken::Before(event))
    }
}

impl Batch<'_> {
    /// What becomes of an event whose id was taken before. One that is the same has no effect; another one under its id is
    /// refused, and is on record, since whoever sent it would never know that it was not taken.
    pub(super) fn taken_before(&mut self, new: &NewEvent) -> Result<Receipt, Refusal> {
        if self.is_the_same(new) {
            return Ok(Receipt::Duplicate);
        }
        let reason = "was taken before, for another event of this person; give each event an id of its own";
        let refusal = Refusal::new("id", reason);
        self.keep_conflict(new, &refusal);
        Err(refusal)
    }

    fn is_the_same(&self, new: &NewEvent) -> bool {
        let NewEvent { profile, event, text, .. } = new;
        let first = match self.known.get(&(profile.clone(), event.id.clone())) {
            Some(Taken::Before(first)) => Some((&first.name, &first.properties)),
            Some(Taken::Now(place)) => self.events.get(*place).map(|first| (&first.name, &first.properties)),
            None => None,
        };
        first.is_none_or(|(name, properties)| self.fits(event, text, name, properties))
    }

    /// Whether an event is the one that was taken under this name and with these properties. What providers tell of
    /// messages, and what the server lets happen itself, is not the sender's to repeat word by word; and what was renamed
    /// since is taken to be the same.
    fn fits(&self, event: &Event, text: &str, name: &Name, properties: &str) -> bool {
        if !self.is_declared(&event.name) || !self.is_declared(name) {
            return true;
        }
        event.name == *name && (text == properties || tree(text) == tree(properties))
    }

    fn is_declared(&self, name: &Name) -> bool {
        let project = self.catalog.project();
        let starts = || project.journeys.keys().any(|journey| started(journey) == *name);
        project.events.contains_key(name) || starts()
    }

    fn keep_conflict(&mut self, new: &NewEvent, refusal: &Refusal) {
        let NewEvent { shard, profile, event, text, .. } = new;
        let declared = self.catalog.project().events.get(&event.name);
        let shown = declared.map_or(&event.name, |declared| &declared.wire);
        // No two refusals of a shard have the same: no two turns have the same moment.
        let place = format!("refused {} {}", self.now.as_microsecond(), self.refusals.len());
        let id = instance_id(self.now, *shard, profile, &event.id, &place);
        self.refusals.push(RefusedEvent {
            shard: *shard,
            id,
            at: self.now,
            event_id: Some(event.id.to_string()),
            event: Some(shown.to_string()),
            profile: Some(profile.to_string()),
            field: refusal.field.clone(),
            reason: refusal.reason.clone(),
            body: kept_of(&format!(
                "{{\"id\":{},\"event\":{},\"profile\":{},\"properties\":{text}}}",
                quoted(&event.id),
                quoted(shown),
                quoted(profile)
            )),
        });
    }
}

fn tree(text: &str) -> Option<serde_json::Value> {
    serde_json::from_str(text).ok()
}

fn quoted(text: &str) -> serde_json::Value {
    text.into()
}
