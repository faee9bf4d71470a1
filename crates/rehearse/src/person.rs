//! One person on virtual time: their attributes, their instances, and the answers that are on their way to them.
//!
//! What `runtime` offers to [`engine::person`] from a store, this offers from memory; what happens is the same.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use engine::{
    Around, CallOutcome, Effect, Event, Input, Instance, Outcome, Output, Status,
    audience::IN,
    limit::Taken,
    link::{Links, Readable},
    person::{Past, apply, met, profile_changed, take},
    policy::{Barred, Standing, remember, subscribe},
};
use graph::{Audience, CallError, ErrorKind, Journey, Name, Project, Request, Value, scheduled};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// More turns than anybody takes between two lines of a test.
const MOST_TURNS: usize = 100_000;

/// The journeys that take part.
#[derive(Clone, Debug)]
pub struct Stage {
    journeys: Vec<Arc<Journey>>,
    audiences: Vec<Arc<Audience>>,
    /// How many people have come through which limit: journey, limit.
    taken: Arc<Mutex<BTreeMap<(Name, Name), u32>>>,
}

impl Stage {
    /// The journeys of a project; only the named ones if there are names.
    pub fn new(project: &Project, only: &BTreeSet<Name>) -> Stage {
        let takes_part = |journey: &&Arc<Journey>| only.is_empty() || only.contains(&journey.name);
        Stage {
            journeys: project.journeys.values().filter(takes_part).cloned().collect(),
            audiences: project.audiences.values().cloned().collect(),
            taken: Arc::default(),
        }
    }
}

impl Stage {
    fn taken(&self) -> MutexGuard<'_, BTreeMap<(Name, Name), u32>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn priority_of(&self, name: &Name) -> i32 {
        let journey = self.journeys.iter().find(|journey| journey.name == *name);
        journey.map_or(0, |journey| journey.priority)
    }

    /// The times in a span at which journeys let people in by themselves, earliest first.
    pub fn scheduled(&self, after: Timestamp, until: Timestamp) -> Vec<(Timestamp, Arc<Journey>)> {
        let mut times = Vec::new();
        for journey in &self.journeys {
            let Some(rule) = &journey.schedule else { continue };
            let mut next = rule.next(after);
            while let Some(at) = next.filter(|at| *at <= until) {
                times.push((at, journey.clone()));
                next = rule.next(at);
            }
        }
        times.sort_by_key(|(at, _)| *at);
        times
    }
}

/// What is around a person.
pub trait World {
    /// How long an attempt of a call takes and how it ends.
    fn answer(&mut self, attempt: &Attempt<'_>) -> (SignedDuration, CallOutcome);
    /// An instance was advanced, or started.
    fn turned(&mut self, journey: &Journey, output: &Output);
}

/// An attempt of a call.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// The journey.
    pub journey: &'a Journey,
    /// The instance, at the step that calls.
    pub instance: &'a Instance,
    /// The person's attributes.
    pub profile: &'a Value,
    /// The audiences that they belong to.
    pub audiences: &'a BTreeSet<Name>,
    /// The present moment.
    pub now: Timestamp,
    /// The action.
    pub action: &'a Name,
    /// The attempt, from 1.
    pub number: u32,
    /// The request.
    pub request: &'a Request,
}

/// One person on virtual time.
#[derive(Debug)]
pub struct Person {
    /// The key that events carry.
    pub key: Name,
    /// The attributes, all of them.
    pub profile: Value,
    /// In the order in which they were started.
    instances: Vec<Instance>,
    entries: BTreeMap<(Name, Name), Timestamp>,
    /// When messages went out to them, by policy.
    standing: Standing,
    /// The limits that they have come through: journey, limit.
    passed: BTreeSet<(Name, Name)>,
    /// The answers on their way, by arrival.
    answers: BTreeMap<(Timestamp, u64), (Uuid, Input)>,
    sequence: u64,
}

impl Person {
    /// Somebody who becomes known now.
    pub fn new(key: Name, profile: Value, stage: &Stage, now: Timestamp, world: &mut dyn World) -> Person {
        let mut person = Person {
            key,
            profile,
            instances: Vec::new(),
            entries: BTreeMap::new(),
            standing: Standing::default(),
            passed: BTreeSet::new(),
            answers: BTreeMap::new(),
            sequence: 0,
        };
        met(&mut Scene { person: &mut person, stage, now, world, outcomes: Vec::new() });
        person
    }

    /// The audiences that they belong to.
    pub fn audiences(&self) -> BTreeSet<Name> {
        let members = self.instances.iter().filter(|one| one.status == Status::Member && &*one.step == IN);
        members.map(|one| one.journey.clone()).collect()
    }

    /// The instances, in the order in which they were started.
    pub fn instances(&self) -> impl DoubleEndedIterator<Item = &Instance> {
        self.instances.iter()
    }

    /// The person does something now. Gives, per journey that they did not enter, the reason.
    pub fn event(
        &mut self,
        stage: &Stage,
        name: &Name,
        properties: Value,
        now: Timestamp,
        world: &mut dyn World,
    ) -> Vec<(Name, String)> {
        self.sequence += 1;
        let id = format!("event-{}", self.sequence).into();
        let event = Event { id, name: name.clone(), at: now, properties };
        let mut scene = Scene { person: self, stage, now, world, outcomes: Vec::new() };
        let mut outcomes = take(&mut scene, &event);
        outcomes.append(&mut scene.outcomes);
        let stayed_out = outcomes.into_iter().filter(|outcome| &*outcome.outcome == "stayed-out");
        stayed_out.filter_map(|outcome| Some((outcome.journey, outcome.reason?))).collect()
    }

    /// A journey lets the person in by itself, if they are whom it wants.
    pub fn scheduled(&mut self, stage: &Stage, journey: &Journey, now: Timestamp, world: &mut dyn World) {
        let wanted = journey.schedule.as_ref().and_then(|rule| rule.audience.as_ref());
        if wanted.is_none_or(|audience| self.audiences().contains(audience)) {
            let properties = Value::record([("at", Value::DateTime(now))]);
            self.event(stage, &scheduled(&journey.name), properties, now, world);
        }
    }

    /// The person's attributes are others now.
    pub fn change(&mut self, stage: &Stage, profile: Value, now: Timestamp, world: &mut dyn World) {
        self.profile = profile;
        profile_changed(&mut Scene { person: self, stage, now, world, outcomes: Vec::new() });
    }

    /// Lets everything happen that is due up to a moment.
    ///
    /// # Errors
    /// When that does not come to an end.
    pub fn live_until(
        &mut self,
        stage: &Stage,
        until: Timestamp,
        world: &mut dyn World,
    ) -> Result<(), String> {
        for _ in 0..MOST_TURNS {
            let answer = self.answers.keys().next().copied();
            let due = self
                .instances
                .iter()
                .enumerate()
                .filter(|(_, instance)| instance.listens())
                .filter_map(|(index, one)| {
                    Some((one.due_at?, Reverse(stage.priority_of(&one.journey)), index, one.id))
                })
                .min();
            let (now, id, input) = match (answer, due) {
                (Some(first), due) if first.0 <= until && due.is_none_or(|due| first.0 <= due.0) => {
                    let Some((id, input)) = self.answers.remove(&first) else { continue };
                    (first.0, id, input)
                }
                (_, Some((moment, _, _, id))) if moment <= until => (moment, id, Input::Due),
                _ => return Ok(()),
            };
            apply(&mut Scene { person: self, stage, now, world, outcomes: Vec::new() }, id, &input);
        }
        Err(format!("more than {MOST_TURNS} things happen to `{}` before {until}", self.key))
    }

    fn put(&mut self, instance: Instance) {
        match self.place(instance.id).and_then(|place| self.instances.get_mut(place)) {
            Some(known) => *known = instance,
            None => self.instances.push(instance),
        }
    }

    fn place(&self, id: Uuid) -> Option<usize> {
        self.instances.iter().position(|instance| instance.id == id)
    }
}

/// A person at a moment, with what is around them.
struct Scene<'a> {
    person: &'a mut Person,
    stage: &'a Stage,
    now: Timestamp,
    world: &'a mut dyn World,
    /// What became of events that followed.
    outcomes: Vec<Outcome>,
}

impl Around for Scene<'_> {
    fn key(&self) -> Name {
        self.person.key.clone()
    }

    fn now(&self) -> Timestamp {
        self.now
    }

    fn journey(&mut self, name: &Name, _: &Name) -> Option<Arc<Journey>> {
        self.stage.journeys.iter().find(|journey| journey.name == *name).cloned()
    }

    fn audiences(&mut self) -> Vec<Arc<Audience>> {
        self.stage.audiences.clone()
    }

    fn attributes_for(&mut self, _: &Audience) -> Value {
        self.person.profile.clone()
    }

    /// Whoever is in a test or a simulation has done nothing before.
    fn past(&mut self, _: &Audience) -> Past {
        Past::New
    }

    fn standing(&self) -> Standing {
        self.person.standing.clone()
    }

    fn subscribe(&mut self, policy: &Name, subscribed: bool, at: Timestamp) {
        let Standing { left, back, .. } = &mut self.person.standing;
        subscribe(left, back, policy, subscribed, at);
    }

    /// Tests and simulations know of no addresses.
    fn suppressed(&self) -> Arc<BTreeMap<Name, Barred>> {
        Arc::default()
    }

    fn links(&self) -> Arc<dyn Links> {
        Arc::new(Readable)
    }

    fn member_id(&mut self, audience: &Audience) -> Uuid {
        let seed = [&*self.person.key, &*audience.name].join("\u{0}");
        Uuid::new_v5(&Uuid::NAMESPACE_OID, seed.as_bytes())
    }

    fn keep_member(&mut self, _: Option<(Name, Status)>, output: Output) {
        self.person.put(output.instance);
    }

    fn entered_by(&mut self, event: &Name) -> Vec<Arc<Journey>> {
        self.stage.journeys.iter().filter(|journey| journey.entry_by(event).is_some()).cloned().collect()
    }

    fn attributes(&mut self, _: &Journey) -> Value {
        self.person.profile.clone()
    }

    fn attributes_at_entry(&mut self, _: &Journey) -> Result<Value, String> {
        Ok(self.person.profile.clone())
    }

    fn listening(&mut self) -> Vec<Uuid> {
        self.person
            .instances
            .iter()
            .filter(|instance| instance.listens())
            .map(|instance| instance.id)
            .collect()
    }

    fn instance(&self, id: Uuid) -> Option<&Instance> {
        self.person.place(id).and_then(|place| self.person.instances.get(place))
    }

    fn new_id(&mut self, event: &Event, journey: &Name) -> Uuid {
        let seed = [&*self.person.key, &*event.id, &**journey].join("\u{0}");
        Uuid::new_v5(&Uuid::NAMESPACE_OID, seed.as_bytes())
    }

    fn last_entry(&self, journey: &Name, key: &Name) -> Option<Timestamp> {
        self.person.entries.get(&(journey.clone(), key.clone())).copied()
    }

    fn taken(&mut self, journey: &Name, limit: &Name) -> Taken {
        let limit = (journey.clone(), limit.clone());
        let people = self.stage.taken().get(&limit).copied().unwrap_or_default();
        Taken { people, own: self.person.passed.contains(&limit) }
    }

    /// Keeps what a turn did, and has its calls answered.
    fn keep(&mut self, journey: &Journey, before: Option<(Name, Status)>, output: Output) {
        self.world.turned(journey, &output);
        remember(&mut self.person.standing.sent, journey, &output.sent, self.now);
        for passage in &output.passages {
            let limit = (journey.name.clone(), passage.limit.clone());
            *self.stage.taken().entry(limit.clone()).or_default() += 1;
            self.person.passed.insert(limit);
        }
        for (field, value) in &output.changes {
            if let Value::Record(record) = &self.person.profile {
                self.person.profile = Value::Record(record.with(field, value.clone()));
            }
        }
        for effect in &output.effects {
            self.call(journey, &output.instance, effect);
        }
        let Output { instance, .. } = output;
        if before.is_none() {
            let entry = (instance.journey.clone(), instance.key.clone());
            self.person.entries.insert(entry, self.now);
        }
        self.person.put(instance);
    }

    fn log(&mut self, _: Event, outcomes: Vec<Outcome>) {
        self.outcomes.extend(outcomes);
    }
}

impl Scene<'_> {
    fn call(&mut self, journey: &Journey, instance: &Instance, effect: &Effect) {
        let Effect::Call { call, attempt, action, request, .. } = effect;
        let audiences = self.person.audiences();
        let asked = Attempt {
            audiences: &audiences,
            journey,
            instance,
            profile: &self.person.profile,
            now: self.now,
            action,
            number: *attempt,
            request,
        };
        let patience = journey.actions.get(action).map(|action| action.connection.timeout_each);
        let patience = SignedDuration::from_micros(patience.unwrap_or_default());
        let (mut takes, mut outcome) = self.world.answer(&asked);
        if takes > patience {
            takes = patience;
            outcome = Err(CallError::new(ErrorKind::Timeout, "no answer in time"));
        }
        self.person.sequence += 1;
        let arrival = self.now.checked_add(takes).unwrap_or(self.now);
        let input = Input::CallEnded { call: *call, attempt: *attempt, outcome };
        self.person.answers.insert((arrival, self.person.sequence), (instance.id, input));
    }
}
