//! Events whose ids were taken before: the same ones once more, or others, whose sender has used an id twice.

use std::sync::Arc;

use engine::Event;
use graph::{Name, RecordType, Type, Value, started};
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

    /// Whether an event is the one that was taken under this name and with these properties, as the project reads them: `59.90`
    /// is `59.9`, and properties that are not declared make no difference. What providers tell of messages, and what the server
    /// lets happen itself, is not the sender's to repeat word by word; and what was renamed since is taken to be the same.
    fn fits(&self, event: &Event, text: &str, name: &Name, properties: &str) -> bool {
        let (Some(_), Some(record)) = (self.shape(&event.name), self.shape(name)) else { return true };
        let reads_the_same = || {
            let first = serde_json::from_str(properties).ok();
            let first = first.and_then(|first| Type::Record(record.clone()).read(&first).ok());
            let (Some(Value::Record(first)), Value::Record(second)) = (first, &event.properties) else {
                return false;
            };
            let mut declared =
                record.fields.iter().map(|field| (first.get(&field.name), second.get(&field.name)));
            declared.all(|(one, other)| one.zip(other).is_some_and(|(one, other)| one.means_same(other)))
        };
        event.name == *name && (text == properties || reads_the_same())
    }

    /// The shape that is declared for an event; none for those that are not sent under an id of the sender's.
    fn shape(&self, name: &Name) -> Option<&Arc<RecordType>> {
        let project = self.catalog.project();
        let start = || {
            let journey = project.journeys.iter().find(|(journey, _)| started(journey) == *name);
            journey.and_then(|(_, journey)| journey.input.as_ref())
        };
        project.events.get(name).map(|event| &event.record).or_else(start)
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

fn quoted(text: &str) -> serde_json::Value {
    text.into()
}
