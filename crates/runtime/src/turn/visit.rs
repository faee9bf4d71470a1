//! One person of a turn, as [`engine::person`] wants to see them.

use std::{collections::BTreeMap, sync::Arc};

use engine::{
    Around, Event, Instance, Outcome, Output, Status,
    limit::Taken,
    link::Links,
    person::Past,
    policy::{Barred, Standing, remember, subscribe},
};
use graph::{Audience, Journey, Name, ProfileSchema, Reentry, Value};
use jiff::Timestamp;
use store::{Profile, Shard, instance_id};
use uuid::Uuid;

use super::{
    Batch, Person,
    memory::{Memory, entry_name},
    outcomes_text,
};
use crate::profile;

/// One person of a turn.
pub(super) struct Visit<'b, 'a> {
    batch: &'b mut Batch<'a>,
    shard: Shard,
    key: Name,
}

impl<'b, 'a> Visit<'b, 'a> {
    pub(super) fn new(batch: &'b mut Batch<'a>, shard: Shard, key: &Name) -> Visit<'b, 'a> {
        Visit { batch, shard, key: key.clone() }
    }

    fn row(&self) -> Option<&Profile> {
        self.batch.profiles.get(&self.key)?.row.as_ref()
    }

    fn is_current(&self, journey: &Journey) -> bool {
        let current = self.batch.catalog.project().journeys.get(&journey.name);
        current.is_some_and(|current| current.version == journey.version)
    }

    /// Whether a journey sees the profile as the project declares it, which those that heed the server's own events do not.
    fn reads_as_people(&self, journey: &Journey) -> bool {
        Arc::ptr_eq(&journey.profile, &self.batch.catalog.project().profile)
    }

    /// The attributes as a schema has them; those of the current project are read once a turn.
    fn read(&mut self, schema: &ProfileSchema, is_current: bool) -> Value {
        if is_current && let Some(read) = self.batch.person(&self.key).read.clone() {
            return read;
        }
        profile::read_inside(schema, self.row().map_or("", |row| &row.attributes))
    }

    /// Keeps the moment of an entry, what went out, and the limits that were passed, where a rule will ask for it.
    fn remember(&mut self, journey: &Journey, entered: Option<&Name>, output: &Output) {
        self.batch.addresses.extend(output.addresses.iter().cloned());
        let links = self.batch.links.clone();
        for (address, policy) in &output.lifted {
            let lifted = links.hashes(address).into_iter().map(|hash| (hash, policy.clone()));
            self.batch.lifted.extend(lifted);
        }
        let reached: Vec<Uuid> = output.reached.iter().flat_map(|address| links.hashes(address)).collect();
        if reached.iter().any(|hash| self.memory().is_none_or(|memory| !memory.addresses.contains(hash))) {
            self.batch.person(&self.key).change_memory(|memory| memory.reach(reached));
        }
        let (went_out, passages) = (&output.sent, &output.passages);
        let entered = entered.filter(|_| journey.reentry != Reentry::Always);
        if entered.is_none() && went_out.is_empty() && passages.is_empty() {
            return;
        }
        let now = self.batch.now;
        for passage in passages {
            self.batch.limits.pass(&journey.name, passage);
        }
        self.batch.person(&self.key).change_memory(|memory| {
            if let Some(key) = entered {
                memory.entries.insert(entry_name(&journey.name, key), now);
            }
            remember(&mut memory.sent, journey, went_out, now);
            for passage in passages {
                memory.passed.insert(entry_name(&journey.name, &passage.limit));
            }
        });
    }

    fn memory(&self) -> Option<&Memory> {
        self.batch.profiles.get(&self.key).map(Person::memory)
    }
}

impl Around for Visit<'_, '_> {
    fn key(&self) -> Name {
        self.key.clone()
    }

    fn now(&self) -> Timestamp {
        self.batch.now
    }

    fn journey(&mut self, name: &Name, version: &Name) -> Option<Arc<Journey>> {
        self.batch.journey(name, version)
    }

    fn audiences(&mut self) -> Vec<Arc<Audience>> {
        self.batch.catalog.audiences().to_vec()
    }

    fn attributes_for(&mut self, audience: &Audience) -> Value {
        // What is watched for an audience is watched as it is declared now.
        self.read(&audience.profile, true)
    }

    fn past(&mut self, _: &Audience) -> Past {
        let person = self.batch.person(&self.key);
        match &person.past {
            Some(events) => Past::Known(events.clone()),
            None if person.is_new => Past::New,
            None => {
                self.batch.missing_past.push(self.key.clone());
                Past::Known(Vec::new())
            }
        }
    }

    fn standing(&self) -> Standing {
        let standing = |memory: &Memory| Standing {
            sent: memory.sent.clone(),
            left: memory.left.clone(),
            back: memory.back.clone(),
        };
        self.memory().map(standing).unwrap_or_default()
    }

    fn subscribe(&mut self, policy: &Name, subscribed: bool, at: Timestamp) {
        let person = self.batch.person(&self.key);
        person.change_memory(|memory| {
            subscribe(&mut memory.left, &mut memory.back, policy, subscribed, at);
        });
    }

    fn suppressed(&self) -> Arc<BTreeMap<Name, Barred>> {
        self.batch.suppressed.clone()
    }

    fn links(&self) -> Arc<dyn Links> {
        self.batch.links.clone()
    }

    fn taken(&mut self, journey: &Name, limit: &Name) -> Taken {
        let name = entry_name(journey, limit);
        let own = self.memory().is_some_and(|memory| memory.passed.contains(&name));
        Taken { people: self.batch.limits.people(journey, limit), own }
    }

    fn member_id(&mut self, audience: &Audience) -> Uuid {
        instance_id(self.batch.now, self.shard, &self.key, &audience.version, &audience.name)
    }

    fn keep_member(&mut self, before: Option<(Name, Status)>, output: Output) {
        self.batch.keep(self.shard, before, output);
    }

    fn entered_by(&mut self, event: &Name) -> Vec<Arc<Journey>> {
        self.batch.catalog.entered_by(event).to_vec()
    }

    fn attributes(&mut self, journey: &Journey) -> Value {
        let is_current = self.is_current(journey) && self.reads_as_people(journey);
        self.read(&journey.profile, is_current)
    }

    fn attributes_at_entry(&mut self, journey: &Journey) -> Result<Value, String> {
        let shared = self.reads_as_people(journey);
        if shared && let Some(read) = &self.batch.person(&self.key).read {
            return Ok(read.clone());
        }
        let attributes = self.row().map_or("", |row| &row.attributes);
        let read = profile::read_for_entry(&journey.profile, attributes)
            .map_err(|misfit| format!("the profile does not fit: {misfit}"))?;
        if shared {
            self.batch.person(&self.key).read = Some(read.clone());
        }
        Ok(read)
    }

    fn listening(&mut self) -> Vec<Uuid> {
        let person = self.batch.person(&self.key);
        let mut live = person.live.clone();
        if !person.whole {
            self.batch.missing.push(self.key.clone());
        }
        live.sort_unstable();
        live
    }

    fn instance(&self, id: Uuid) -> Option<&Instance> {
        self.batch.instances.get(&id).map(|place| &place.instance)
    }

    fn new_id(&mut self, event: &Event, journey: &Name) -> Uuid {
        instance_id(self.batch.now, self.shard, &self.key, &event.id, journey)
    }

    fn last_entry(&self, journey: &Name, key: &Name) -> Option<Timestamp> {
        self.memory()?.entries.get(&entry_name(journey, key)).copied()
    }

    fn keep(&mut self, journey: &Journey, before: Option<(Name, Status)>, output: Output) {
        let entered = before.is_none().then(|| output.instance.key.clone());
        self.remember(journey, entered.as_ref(), &output);
        if entered.is_some() {
            self.batch.entries.enter(self.shard, &output.instance);
        }
        self.batch.keep(self.shard, before, output);
    }

    fn log(&mut self, event: Event, outcomes: Vec<Outcome>) {
        let properties = graph::json::write(&event.properties);
        let place = self.batch.log(self.shard, &self.key, &event, properties);
        if let Some(logged) = self.batch.events.get_mut(place) {
            logged.outcome = outcomes_text(&outcomes);
        }
    }
}
