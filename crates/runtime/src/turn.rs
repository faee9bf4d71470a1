//! A turn, in memory: what a batch of inputs does to the instances, profiles and events it touches.
//!
//! What comes in: what the store loaded, and the inputs one after the other. What goes out: the rows to write, and the
//! calls to hand out once they are written. Deliberately absent: IO.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use engine::{Context, Effect, Event, Ignored, Input, Instance, Output, Status, advance};
use graph::{Journey, Name, Value};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{History, Loaded, LoggedEvent, Profile, RefusedEvent, Shard, Turn};
use uuid::Uuid;

use crate::{Catalog, ProfileAnswer, ProfileChange, Receipt, VersionKey, count::Counts, profile};

mod admit;

/// An event that was checked and is about to be taken.
#[derive(Clone, Debug)]
pub(crate) struct NewEvent {
    pub(crate) shard: Shard,
    pub(crate) profile: Name,
    pub(crate) event: Event,
    /// The properties as they came.
    pub(crate) text: String,
}

/// What an event did in one journey; kept with the event, so that "why did this person not enter?" has an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The journey.
    pub journey: Name,
    /// `entered`, `stayed-out`, `consumed`, `kept` or `ignored`.
    pub outcome: Name,
    /// The instance it entered or met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<Uuid>,
    /// Why, where it did not enter or was ignored.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A call to hand out once the turn is written.
#[derive(Clone, Debug)]
pub(crate) struct Dispatch {
    pub(crate) shard: Shard,
    pub(crate) profile: Name,
    pub(crate) instance: Uuid,
    pub(crate) effect: Effect,
}

/// A turn under way.
pub(crate) struct Batch<'a> {
    catalog: &'a Catalog,
    now: Timestamp,
    cursors: &'a mut HashMap<Shard, i64>,
    profiles: HashMap<Name, Person>,
    known: HashSet<(Name, Name)>,
    instances: HashMap<Uuid, Place>,
    journeys: HashMap<VersionKey, Option<Arc<Journey>>>,
    counts: Counts,
    events: Vec<LoggedEvent>,
    refusals: Vec<RefusedEvent>,
    history: Vec<History>,
    dispatches: Vec<Dispatch>,
}

struct Person {
    row: Option<Profile>,
    changed: bool,
    live: Vec<Uuid>,
    /// The attributes as the current project reads them; the common case, read once a turn.
    read: Option<Value>,
}

struct Place {
    shard: Shard,
    instance: Instance,
    changed: bool,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(
        catalog: &'a Catalog,
        now: Timestamp,
        shards: u16,
        loaded: Loaded,
        due: Vec<Instance>,
        cursors: &'a mut HashMap<Shard, i64>,
    ) -> Batch<'a> {
        let mut batch = Batch {
            catalog,
            now,
            cursors,
            profiles: HashMap::new(),
            known: loaded.events.into_iter().collect(),
            instances: HashMap::new(),
            journeys: HashMap::new(),
            counts: Counts::default(),
            events: Vec::new(),
            refusals: Vec::new(),
            history: Vec::new(),
            dispatches: Vec::new(),
        };
        for row in loaded.profiles {
            let key = row.key.clone();
            batch.person(&key).row = Some(row);
        }
        for instance in due.into_iter().chain(loaded.instances) {
            let (id, shard) = (instance.id, store::shard_of(&instance.profile, shards));
            if instance.status.is_live() {
                let live = &mut batch.person(&instance.profile).live;
                if !live.contains(&id) {
                    live.push(id);
                }
            }
            batch.instances.entry(id).or_insert(Place { shard, instance, changed: false });
        }
        batch
    }

    fn person(&mut self, key: &Name) -> &mut Person {
        self.profiles.entry(key.clone()).or_insert_with(|| Person {
            row: None,
            changed: false,
            live: Vec::new(),
            read: None,
        })
    }

    /// Takes an event: logs it, shows it to the person's instances, and lets it start new ones.
    pub(crate) fn take_event(&mut self, new: &NewEvent) -> Receipt {
        if !self.known.insert((new.profile.clone(), new.event.id.clone())) {
            return Receipt::Duplicate;
        }
        self.ensure_profile(new.shard, &new.profile);
        let mut outcomes = Vec::new();
        let mut live = self.person(&new.profile).live.clone();
        live.sort_unstable();
        for id in live {
            outcomes.extend(self.show(id, &new.event));
        }
        let journeys: Vec<Arc<Journey>> = self
            .catalog
            .project()
            .journeys
            .values()
            .filter(|journey| journey.entry.event == new.event.name)
            .cloned()
            .collect();
        for journey in journeys {
            outcomes.push(self.admit(&journey, new));
        }
        let cursor = self.cursors.entry(new.shard).or_insert(0);
        *cursor += 1;
        self.events.push(LoggedEvent {
            shard: new.shard,
            sequence: *cursor,
            id: new.event.id.clone(),
            name: new.event.name.clone(),
            profile: new.profile.clone(),
            at: new.event.at,
            received_at: self.now,
            properties: new.text.clone(),
            outcome: serde_json::to_string(&outcomes).unwrap_or_else(|_| "[]".into()),
        });
        Receipt::Accepted
    }

    /// Keeps events that were not taken, for whoever looks for them.
    pub(crate) fn keep_refused(&mut self, refused: &[RefusedEvent]) {
        self.refusals.extend_from_slice(refused);
    }

    fn ensure_profile(&mut self, shard: Shard, key: &Name) {
        let (now, schema) = (self.now, self.catalog.project().profile.clone());
        let person = self.person(key);
        if person.row.is_none() {
            person.changed = true;
            person.row = Some(Profile {
                shard,
                key: key.clone(),
                attributes: profile::bare(&schema, key),
                entries: "{}".into(),
                created_at: now,
                updated_at: now,
            });
        }
    }

    /// Shows an event to an instance; gives what became of it where the journey listens to such events at all.
    fn show(&mut self, id: Uuid, event: &Event) -> Option<Outcome> {
        let place = self.instances.get(&id)?;
        let (journey, version) = (place.instance.journey.clone(), place.instance.version.clone());
        let listens = self.journey(&journey, &version)?.listens_to(&event.name);
        if !listens {
            return None;
        }
        let before = self.history.len();
        let ignored = self.apply(id, &Input::Event(event.clone()))?;
        let consumed = self
            .history
            .get(before..)
            .unwrap_or_default()
            .iter()
            .any(|row| row.happenings.contains("\"consumed\""));
        let (outcome, reason) = match &ignored {
            Some(why) => ("ignored", Some(why.reason())),
            None if consumed => ("consumed", None),
            None => ("kept", None),
        };
        Some(Outcome { journey, outcome: outcome.into(), instance: Some(id), reason })
    }

    /// Changes a profile.
    pub(crate) fn change_profile(
        &mut self,
        shard: Shard,
        key: &Name,
        change: ProfileChange,
    ) -> ProfileAnswer {
        let schema = self.catalog.project().profile.clone();
        let now = self.now;
        let person = self.person(key);
        let stored = person.row.as_ref().map(|row| row.attributes.as_str());
        let attributes = match profile::changed(&schema, key, stored, change) {
            Ok(attributes) => attributes,
            Err(misfit) => return ProfileAnswer::Misfit(misfit),
        };
        let row = match person.row.take() {
            Some(row) => Profile { attributes, updated_at: now, ..row },
            None => Profile {
                shard,
                key: key.clone(),
                attributes,
                entries: "{}".into(),
                created_at: now,
                updated_at: now,
            },
        };
        person.row = Some(row.clone());
        person.changed = true;
        person.read = None;
        ProfileAnswer::Stored(row)
    }

    /// Gives an instance an input; none when there is no such instance or its version cannot be read.
    pub(crate) fn apply(&mut self, id: Uuid, input: &Input) -> Option<Option<Ignored>> {
        let place = self.instances.get(&id)?;
        let (name, version, key) =
            (place.instance.journey.clone(), place.instance.version.clone(), place.instance.profile.clone());
        let Some(journey) = self.journey(&name, &version) else {
            self.put_off_unreadable(id);
            return None;
        };
        let is_current =
            self.catalog.project().journeys.get(&name).is_some_and(|current| current.version == version);
        let person = self.person(&key);
        let profile = match &person.read {
            Some(read) if is_current => read.clone(),
            _ => {
                let attributes = person.row.as_ref().map(|row| row.attributes.as_str()).unwrap_or_default();
                profile::read_inside(&journey.profile, attributes)
            }
        };
        let place = self.instances.get(&id)?;
        let context = Context { profile: &profile, now: self.now };
        let output = advance(&journey, &place.instance, input, context);
        if output.ignored.is_some() {
            return Some(output.ignored);
        }
        let before = (place.instance.step.clone(), place.instance.status);
        self.keep(place.shard, Some(before), output);
        Some(None)
    }

    /// An instance whose version this program cannot read is looked at again in a minute, not at once.
    fn put_off_unreadable(&mut self, id: Uuid) {
        if let Some(place) = self.instances.get_mut(&id)
            && place.instance.due_at.is_some()
        {
            place.instance.due_at = self.now.checked_add(jiff::SignedDuration::from_mins(1)).ok();
            place.changed = true;
        }
    }

    fn journey(&mut self, name: &Name, version: &Name) -> Option<Arc<Journey>> {
        let key = (name.clone(), version.clone());
        if let Some(known) = self.journeys.get(&key) {
            return known.clone();
        }
        let found = self.catalog.version(name, version);
        self.journeys.insert(key, found.clone());
        found
    }

    /// Keeps what an accepted input did.
    fn keep(&mut self, shard: Shard, before: Option<(Name, Status)>, output: Output) {
        let Output { instance, effects, changes, happenings, .. } = output;
        let was_over = before.as_ref().is_some_and(|(_, status)| !status.is_live());
        self.counts.move_on(shard, before, &instance, &happenings);
        self.history.push(History {
            shard,
            instance: instance.id,
            turn: instance.turn,
            at: self.now,
            happenings: serde_json::to_string(&happenings).unwrap_or_else(|_| "[]".into()),
        });
        self.dispatches.extend(effects.into_iter().map(|effect| Dispatch {
            shard,
            profile: instance.profile.clone(),
            instance: instance.id,
            effect,
        }));
        if !changes.is_empty() {
            self.set_attributes(&instance.profile, &changes);
        }
        if !instance.status.is_live() {
            self.person(&instance.profile).live.retain(|id| *id != instance.id);
        } else if was_over {
            self.person(&instance.profile).live.push(instance.id);
        }
        self.instances.insert(instance.id, Place { shard, instance, changed: true });
    }

    /// What a journey sets is seen by every other input of this batch.
    fn set_attributes(&mut self, key: &Name, changes: &[(Name, Value)]) {
        let now = self.now;
        let person = self.person(key);
        if let Some(row) = &mut person.row {
            row.attributes = profile::set(&row.attributes, changes);
            row.updated_at = now;
            person.changed = true;
            person.read = None;
        }
    }

    /// The rows to write and the calls to hand out. A call that could not be reserved is put off by `reserve`.
    pub(crate) fn finish(mut self, reserve: &mut dyn FnMut(&Name) -> bool) -> (Turn, Vec<Dispatch>) {
        let mut dispatches = Vec::with_capacity(self.dispatches.len());
        for dispatch in std::mem::take(&mut self.dispatches) {
            let Effect::Call { call, attempt, request, .. } = &dispatch.effect;
            let Some(place) = self.instances.get_mut(&dispatch.instance) else { continue };
            let wanted = place.instance.state.call.as_ref().is_some_and(|pending| {
                pending.number == *call && pending.attempt == *attempt && pending.under_way
            });
            if !wanted {
                continue;
            }
            if reserve(&request.connection) {
                dispatches.push(dispatch);
            } else if let Ok(later) = self.now.checked_add(jiff::SignedDuration::from_millis(500)) {
                place.instance.put_off(later);
            }
        }
        let turn = Turn {
            events: self.events,
            refusals: self.refusals,
            profiles: self
                .profiles
                .into_values()
                .filter(|person| person.changed)
                .filter_map(|person| person.row)
                .collect(),
            instances: self
                .instances
                .into_values()
                .filter(|place| place.changed)
                .map(|place| (place.shard, place.instance))
                .collect(),
            history: self.history,
            counters: self.counts.changes(),
        };
        (turn, dispatches)
    }
}
