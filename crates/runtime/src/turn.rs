//! A turn, in memory: what a batch of inputs does to the instances, profiles and events it touches.
//!
//! What comes in: what the store loaded, and the inputs one after the other. What goes out: the rows to write, and the
//! calls to hand out once they are written. Deliberately absent: IO.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, hash_map::Entry},
    sync::Arc,
};

use engine::{
    Event, Happening, Ignored, Input, Instance, Outcome, Output, Status,
    person::{apply, met, take},
    policy::Barred,
};
use graph::{ErrorKind, Journey, Name, Type};
use jiff::Timestamp;
use store::{History, Loaded, LoggedEvent, RefusedEvent, Shard, Suppression, Sweep, Turn, Wanted};
use uuid::Uuid;

use crate::{
    Catalog, Receipt, Refusal, VersionKey,
    count::Counts,
    lane::NoPlace,
    links::SealedLinks,
    suppressed::suppressions,
    sweep::{Page, Visitor},
};

mod again;
mod calls;
mod entries;
mod limits;
mod memory;
mod person;
mod profiles;
mod visit;

use again::Taken;
pub(crate) use calls::Dispatch;
use entries::Entries;
use limits::Limits;
pub(crate) use memory::{left_and_reached, unsubscribed_from};
use person::Person;
use visit::Visit;

/// An event that was checked and is about to be taken.
#[derive(Clone, Debug)]
pub(crate) struct NewEvent {
    pub(crate) shard: Shard,
    pub(crate) profile: Name,
    pub(crate) event: Event,
    /// The properties as they came.
    pub(crate) text: String,
    /// Where the sender says that it comes from.
    pub(crate) sender: Option<connect::Trace>,
}

/// What a turn is decided in.
pub(crate) struct Frame<'a> {
    pub(crate) catalog: &'a Catalog,
    pub(crate) links: &'a Arc<SealedLinks>,
    /// What is known against addresses, as far as it was asked.
    pub(crate) suppressed: Arc<BTreeMap<Name, Barred>>,
    pub(crate) now: Timestamp,
    pub(crate) shards: u16,
    /// Whether anybody records traces.
    pub(crate) witnessed: bool,
}

/// A turn under way.
pub(crate) struct Batch<'a> {
    catalog: &'a Catalog,
    links: &'a Arc<SealedLinks>,
    suppressed: Arc<BTreeMap<Name, Barred>>,
    now: Timestamp,
    cursors: &'a mut BTreeMap<Shard, i64>,
    profiles: HashMap<Name, Person>,
    /// The ids that are taken, by profile and id.
    known: HashMap<(Name, Name), Taken>,
    instances: HashMap<Uuid, Place>,
    journeys: HashMap<VersionKey, Option<Arc<Journey>>>,
    /// Whether somebody is in a version that this node has never heard of.
    unknown: bool,
    counts: Counts,
    /// People whose live instances are needed and were not loaded: the turn must be decided anew with them.
    missing: Vec<Name>,
    /// People whose past is needed and was not loaded.
    missing_past: Vec<Name>,
    /// How many people have come through limits, and how many more do in this turn.
    limits: Limits,
    /// The addresses that messages of this turn would go to.
    addresses: BTreeSet<Name>,
    /// Addresses that get nothing any more from now on.
    suppressions: Vec<Suppression>,
    /// Addresses that get messages under a policy again.
    lifted: Vec<(Uuid, Name)>,
    events: Vec<LoggedEvent>,
    refusals: Vec<RefusedEvent>,
    history: Vec<History>,
    sweeps: Vec<Sweep>,
    dispatches: Vec<Dispatch>,
    entries: Entries,
}

struct Place {
    shard: Shard,
    instance: Instance,
    changed: bool,
}

impl<'a> Batch<'a> {
    pub(crate) fn new(
        frame: Frame<'a>,
        wanted: &Wanted,
        loaded: Loaded,
        due: Vec<Instance>,
        cursors: &'a mut BTreeMap<Shard, i64>,
    ) -> Batch<'a> {
        let Frame { catalog, links, suppressed, now, shards, witnessed } = frame;
        let mut batch = Batch {
            catalog,
            links,
            suppressed,
            now,
            cursors,
            profiles: HashMap::new(),
            known: loaded.events.into_iter().map(Taken::before).collect(),
            instances: HashMap::new(),
            journeys: HashMap::new(),
            unknown: false,
            counts: Counts::default(),
            missing: Vec::new(),
            missing_past: Vec::new(),
            limits: Limits::new(wanted.limits.then_some(loaded.limits)),
            addresses: BTreeSet::new(),
            suppressions: Vec::new(),
            lifted: Vec::new(),
            events: Vec::new(),
            refusals: Vec::new(),
            history: Vec::new(),
            sweeps: Vec::new(),
            dispatches: Vec::new(),
            entries: Entries::new(witnessed),
        };
        for (_, key, whole) in &wanted.profiles {
            batch.person(key).whole |= whole;
        }
        for row in loaded.profiles {
            let key = row.key.clone();
            batch.person(&key).row = Some(row);
        }
        for (_, key) in &wanted.past {
            batch.person(key).past = Some(Vec::new());
        }
        for event in loaded.past {
            batch.remember(event);
        }
        for instance in due.into_iter().chain(loaded.instances) {
            let (id, shard) = (instance.id, store::shard_of(&instance.profile, shards));
            if instance.listens() {
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
        self.profiles.entry(key.clone()).or_default()
    }

    /// An event of the past, as far as it still has its declared shape.
    fn remember(&mut self, logged: LoggedEvent) {
        let project = self.catalog.project();
        let declared = project.events.get(&logged.name).map(|schema| schema.record.clone());
        let Some(record) = declared.or_else(|| project.derived_record(&logged.name)) else { return };
        let Ok(tree) = serde_json::from_str(&logged.properties) else { return };
        let Ok(properties) = Type::Record(record).read(&tree) else { return };
        let event = Event { id: logged.id, name: logged.name, at: logged.at, properties };
        self.person(&logged.profile).past.get_or_insert_default().push(event);
    }

    /// Comes by the people of a page. Whoever was erased meanwhile is nobody any more.
    pub(crate) fn sweep(&mut self, page: &Page) {
        for visitor in &page.people {
            match visitor {
                Visitor::Met(key) if self.person(key).row.is_some() => {
                    met(&mut Visit::new(self, page.sweep.shard, key));
                }
                Visitor::Enters(new) if self.person(&new.profile).row.is_some() => {
                    // Its id is of the journey and the time: whoever has it came by that time before.
                    let _ = self.take_event(new);
                }
                Visitor::Met(_) | Visitor::Enters(_) => {}
            }
        }
        self.sweeps.push(page.sweep.clone());
    }

    /// Takes an event: logs it, shows it to the person's instances, and lets it start new ones.
    ///
    /// # Errors
    /// When its id was taken before by another event.
    pub(crate) fn take_event(&mut self, new: &NewEvent) -> Result<Receipt, Refusal> {
        match self.known.entry((new.profile.clone(), new.event.id.clone())) {
            // It is the next in this turn's log.
            Entry::Vacant(free) => free.insert(Taken::Now(self.events.len())),
            Entry::Occupied(_) => return self.taken_before(new),
        };
        self.ensure_profile(new.shard, &new.profile);
        // It stands in the log before what follows from it.
        let place = self.log(new.shard, &new.profile, &new.event, new.text.clone());
        self.entries.sender = new.sender;
        let outcomes = take(&mut Visit::new(self, new.shard, &new.profile), &new.event);
        self.entries.sender = None;
        if let Some(logged) = self.events.get_mut(place) {
            logged.outcome = outcomes_text(&outcomes);
        }
        Ok(Receipt::Accepted(outcomes))
    }

    /// Puts an event into the log; gives its place in this turn's.
    fn log(&mut self, shard: Shard, profile: &Name, event: &Event, properties: String) -> usize {
        self.suppressions.extend(suppressions(event, self.links, self.now));
        let cursor = self.cursors.entry(shard).or_insert(0);
        *cursor += 1;
        self.events.push(LoggedEvent {
            shard,
            sequence: *cursor,
            id: event.id.clone(),
            name: event.name.clone(),
            profile: profile.clone(),
            at: event.at,
            received_at: self.now,
            properties,
            outcome: "[]".into(),
        });
        self.events.len() - 1
    }

    /// Keeps events that were not taken, for whoever looks for them.
    pub(crate) fn keep_refused(&mut self, refused: &[RefusedEvent]) {
        self.refusals.extend_from_slice(refused);
    }

    /// Gives an instance an input; none when there is no such instance or its version cannot be read.
    pub(crate) fn apply(&mut self, id: Uuid, input: &Input) -> Option<Option<Ignored>> {
        let place = self.instances.get(&id)?;
        let (shard, profile) = (place.shard, place.instance.profile.clone());
        let applied = apply(&mut Visit::new(self, shard, &profile), id, input);
        if applied.is_none() {
            self.put_off_unreadable(id);
        }
        applied
    }

    /// Whether somebody is in a version that this node has never heard of: it may be another node's.
    pub(crate) fn met_unknown(&self) -> bool {
        self.unknown
    }

    /// The addresses that messages of this turn would go to.
    pub(crate) fn addresses(&self) -> &BTreeSet<Name> {
        &self.addresses
    }

    /// Adds to what is wanted what must be loaded besides for this turn to be decided; false if that is nothing.
    pub(crate) fn wants_more(&self, wanted: &mut Wanted, shards: u16) -> bool {
        for (_, key, whole) in &mut wanted.profiles {
            *whole |= self.missing.contains(key);
        }
        for key in &self.missing_past {
            let past = (store::shard_of(key, shards), key.clone());
            if !wanted.past.contains(&past) {
                wanted.past.push(past);
            }
        }
        wanted.past_of = self.catalog.looked_back().to_vec();
        wanted.limits |= self.limits.missing;
        !self.missing.is_empty() || !self.missing_past.is_empty() || self.limits.missing
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
        self.unknown |= found.is_none() && !self.catalog.knows(name, version);
        self.journeys.insert(key, found.clone());
        found
    }

    /// Keeps what an accepted input did.
    fn keep(&mut self, shard: Shard, before: Option<(Name, Status)>, output: Output) {
        let Output { instance, effects, changes, happenings, .. } = output;
        tell_faults(&instance, &happenings);
        self.counts.move_on(before, &instance, &happenings);
        // Counting events for an audience is no history; only coming and going is.
        let silent = instance.status == Status::Member && happenings.is_empty();
        self.history.extend((!silent).then(|| History {
            shard,
            instance: instance.id,
            turn: instance.turn,
            at: self.now,
            happenings: serde_json::to_string(&happenings).unwrap_or_else(|_| "[]".into()),
        }));
        self.dispatches.extend(effects.into_iter().map(|effect| Dispatch::of(shard, &instance, effect)));
        if !changes.is_empty() {
            self.set_attributes(&instance.profile, &changes);
        }
        let live = &mut self.person(&instance.profile).live;
        live.retain(|id| *id != instance.id);
        if instance.listens() {
            live.push(instance.id);
        }
        self.instances.insert(instance.id, Place { shard, instance, changed: true });
    }

    /// The rows to write and the calls to hand out. A call for which `reserve` (connection, journey) has no place is put off until it says, or
    /// held.
    pub(crate) fn finish(
        mut self,
        reserve: &mut dyn FnMut(&Name, &Name) -> Result<(), NoPlace>,
    ) -> (Turn, Vec<Dispatch>) {
        let dispatches = self.hand_out(reserve);
        let touched = self.instances.values().filter(|place| place.changed).map(|place| place.shard);
        let first = touched.min().unwrap_or_default();
        let turn = Turn {
            events: self.events,
            refusals: self.refusals,
            profiles: self
                .profiles
                .into_values()
                .filter(|person| person.changed || person.remembers)
                .filter_map(Person::into_row)
                .collect(),
            instances: self
                .instances
                .into_values()
                .filter(|place| place.changed)
                .map(|place| (place.shard, place.instance))
                .collect(),
            history: self.history,
            counters: self.counts.changes(first),
            sweeps: self.sweeps,
            limits: self.limits.changes(),
            suppressions: self.suppressions,
            lifted: self.lifted,
        };
        (turn, dispatches)
    }
}

/// Says in the log whom a fault of our own has met, and not what they are: its message may hold what is theirs.
fn tell_faults(instance: &Instance, happenings: &[Happening]) {
    for happening in happenings {
        if let Happening::Failed { step, error } = happening
            && error.kind == ErrorKind::Internal
        {
            let Instance { id, journey, version, .. } = instance;
            tracing::error!(instance = %id, %journey, %version, %step, "a fault in Wayfare itself has set an instance aside");
        }
    }
}

fn outcomes_text(outcomes: &[Outcome]) -> String {
    serde_json::to_string(outcomes).unwrap_or_else(|_| "[]".into())
}
