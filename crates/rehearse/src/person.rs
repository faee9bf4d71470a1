//! One person on virtual time: their attributes, their instances, and the answers that are on their way to them.
//!
//! This is what `runtime` does with a store and real partners, in memory and for one person: an event is shown to the
//! instances and then starts new ones, in the same order.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use engine::{Admission, CallOutcome, Context, Effect, Event, Input, Instance, Output, advance, enter};
use graph::{CallError, ErrorKind, Journey, Name, Project, Request, Value};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// More turns than anybody takes between two lines of a test.
const MOST_TURNS: usize = 100_000;

/// The journeys that take part.
#[derive(Clone, Debug)]
pub struct Stage {
    journeys: Vec<Arc<Journey>>,
}

impl Stage {
    /// The journeys of a project; only the named ones if there are names.
    pub fn new(project: &Project, only: &BTreeSet<Name>) -> Stage {
        let takes_part = |journey: &&Arc<Journey>| only.is_empty() || only.contains(&journey.name);
        Stage { journeys: project.journeys.values().filter(takes_part).cloned().collect() }
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
    places: Vec<Place>,
    entries: BTreeMap<(Name, Name), Timestamp>,
    /// The answers on their way, by arrival.
    answers: BTreeMap<(Timestamp, u64), OnItsWay>,
    sequence: u64,
}

/// An instance and the journey it is in.
#[derive(Debug)]
struct Place {
    journey: usize,
    instance: Instance,
}

#[derive(Debug)]
struct OnItsWay {
    place: usize,
    input: Input,
}

impl Person {
    /// Somebody who is in no journey yet.
    pub fn new(key: Name, profile: Value) -> Person {
        Person {
            key,
            profile,
            places: Vec::new(),
            entries: BTreeMap::new(),
            answers: BTreeMap::new(),
            sequence: 0,
        }
    }

    /// The instances, in the order in which they were started.
    pub fn instances(&self) -> impl DoubleEndedIterator<Item = &Instance> {
        self.places.iter().map(|place| &place.instance)
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
        for place in 0..self.places.len() {
            self.apply(stage, place, &Input::Event(event.clone()), now, world);
        }
        let mut reasons = Vec::new();
        for (index, journey) in stage.journeys.iter().enumerate() {
            if journey.entry.event == event.name
                && let Some(reason) = self.admit(index, journey, &event, now, world)
            {
                reasons.push((journey.name.clone(), reason));
            }
        }
        reasons
    }

    fn admit(
        &mut self,
        index: usize,
        journey: &Arc<Journey>,
        event: &Event,
        now: Timestamp,
        world: &mut dyn World,
    ) -> Option<String> {
        let inside = |key: &str| {
            self.places.iter().any(|place| {
                place.journey == index && place.instance.status.is_live() && &*place.instance.key == key
            })
        };
        let last = |key: &str| self.entries.get(&(journey.name.clone(), key.into())).copied();
        let seed = [&*self.key, &*event.id, &*journey.name].join("\u{0}");
        let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, seed.as_bytes());
        let context = Context { profile: &self.profile, now };
        match enter(journey, id, &self.key, event, context, &inside, &last) {
            Admission::StaysOut(reason) => Some(reason),
            Admission::Enters(output) => {
                self.entries.insert((journey.name.clone(), output.instance.key.clone()), now);
                self.places.push(Place { journey: index, instance: output.instance.clone() });
                self.keep(self.places.len() - 1, journey, *output, now, world);
                None
            }
        }
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
                .places
                .iter()
                .enumerate()
                .filter(|(_, place)| place.instance.status.is_live())
                .filter_map(|(index, place)| Some((place.instance.due_at?, index)))
                .min();
            match (answer, due) {
                (Some(first), due) if first.0 <= until && due.is_none_or(|(moment, _)| first.0 <= moment) => {
                    if let Some(OnItsWay { place, input }) = self.answers.remove(&first) {
                        self.apply(stage, place, &input, first.0, world);
                    }
                }
                (_, Some((moment, place))) if moment <= until => {
                    self.apply(stage, place, &Input::Due, moment, world);
                }
                _ => return Ok(()),
            }
        }
        Err(format!("more than {MOST_TURNS} things happen to `{}` before {until}", self.key))
    }

    fn apply(&mut self, stage: &Stage, index: usize, input: &Input, now: Timestamp, world: &mut dyn World) {
        let Some(place) = self.places.get(index) else { return };
        let Some(journey) = stage.journeys.get(place.journey) else { return };
        let output = advance(journey, &place.instance, input, Context { profile: &self.profile, now });
        if output.ignored.is_none() {
            self.keep(index, journey, output, now, world);
        }
    }

    /// Keeps what a turn did, and has its calls answered.
    fn keep(
        &mut self,
        index: usize,
        journey: &Journey,
        output: Output,
        now: Timestamp,
        world: &mut dyn World,
    ) {
        world.turned(journey, &output);
        for (field, value) in &output.changes {
            if let Value::Record(record) = &self.profile {
                self.profile = Value::Record(record.with(field, value.clone()));
            }
        }
        for effect in &output.effects {
            let Effect::Call { call, attempt, action, request, .. } = effect;
            let asked = Attempt {
                journey,
                instance: &output.instance,
                profile: &self.profile,
                now,
                action,
                number: *attempt,
                request,
            };
            let patience = journey.actions.get(action).map(|action| action.connection.timeout_each);
            let patience = SignedDuration::from_micros(patience.unwrap_or_default());
            let (mut takes, mut outcome) = world.answer(&asked);
            if takes > patience {
                takes = patience;
                outcome = Err(CallError::new(ErrorKind::Timeout, "no answer in time"));
            }
            self.sequence += 1;
            let arrival = now.checked_add(takes).unwrap_or(now);
            let input = Input::CallEnded { call: *call, attempt: *attempt, outcome };
            self.answers.insert((arrival, self.sequence), OnItsWay { place: index, input });
        }
        if let Some(place) = self.places.get_mut(index) {
            place.instance = output.instance;
        }
    }
}
