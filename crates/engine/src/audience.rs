//! Watches one person for one audience: what they did is counted, grows old, and decides whether they belong to it.
//!
//! A person who is watched has an instance like any other, of the status [`Status::Member`], at the step `in` or `out`.
//! So it is stored, found when it is due, counted and erased as instances are, and its turns are its history.

use std::collections::BTreeMap;

use graph::{
    Audience, CallError, Name, Value,
    audience::{counted, joined, latest, left},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    Context, Event, Happening, Ignored, Input, Instance, Output, State, Status,
    eval::{Local, Scope, holds},
    panics::caught,
    person::{MOST_FOLLOWS, OWN_IDS},
};

/// The step of those who belong to an audience.
pub const IN: &str = "in";
/// The step of those who do not.
pub const OUT: &str = "out";
/// How many events of one window are remembered; more count as this many.
pub const MOST_COUNTED: usize = 1_000;
/// How often an audience is looked at that looks at the clock.
const CLOCK: SignedDuration = SignedDuration::from_hours(1);
/// When somebody is looked at again whom a fault of our own kept from being looked at.
const AFTER_FAULT: SignedDuration = SignedDuration::from_hours(1);

/// What one window of an audience holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// When the events happened, in microseconds since 1970, earliest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    times: Vec<i64>,
    /// The properties of the latest.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    last: Value,
}

impl Seen {
    fn add(&mut self, event: &Event, now: Timestamp) {
        // An event cannot have happened later than now, whatever its sender's clock says.
        let at = event.at.min(now).as_microsecond();
        let place = self.times.partition_point(|time| *time <= at);
        if place == self.times.len() {
            self.last = event.properties.clone();
        }
        self.times.insert(place, at);
        if self.times.len() > MOST_COUNTED {
            self.times.remove(0);
        }
    }

    /// Forgets what is older than it may be.
    fn age(&mut self, within: Option<i64>, now: Timestamp) {
        let Some(within) = within else { return };
        let oldest = now.as_microsecond().saturating_sub(within);
        self.times.retain(|time| *time > oldest);
        if self.times.is_empty() {
            self.last = Value::Null;
        }
    }

    /// When the oldest event will be too old.
    fn ages_at(&self, within: Option<i64>) -> Option<Timestamp> {
        let at = self.times.first()?.checked_add(within?)?;
        Timestamp::from_microsecond(at).ok()
    }
}

/// Begins to watch a person who did this in the past. `was` is whether they belonged to the audience as it was declared
/// before, or as far as they were known; it is none for somebody of whom that cannot be said, who then neither joins nor
/// leaves by being met. After a panic nothing of it is counted, and they are looked at again in an hour.
pub fn meet(
    audience: &Audience,
    id: Uuid,
    person: &Name,
    past: &[Event],
    was: Option<bool>,
    context: Context<'_>,
) -> Output {
    let instance = || Instance {
        id,
        journey: audience.name.clone(),
        version: audience.version.clone(),
        profile: person.clone(),
        key: "".into(),
        status: Status::Member,
        step: if was == Some(true) { IN.into() } else { OUT.into() },
        entered_at: context.now,
        updated_at: context.now,
        due_at: None,
        turn: 0,
        state: State { follows: context.follows, ..State::default() },
    };
    let met = caught(|| {
        let mut look = Look::new(audience, instance(), context);
        past.iter().for_each(|event| look.count(event));
        look.settle(was.is_some());
        look.finish()
    });
    met.unwrap_or_else(|error| missed(instance(), error, context.now))
}

/// Looks at a person again, after an input. After a panic they are what they were, and are looked at again in an hour.
pub fn look(audience: &Audience, instance: &Instance, input: &Input, context: Context<'_>) -> Output {
    caught(|| decide(audience, instance, input, context))
        .unwrap_or_else(|error| missed(instance.clone(), error, context.now))
}

fn decide(audience: &Audience, instance: &Instance, input: &Input, context: Context<'_>) -> Output {
    let mut look = Look::new(audience, instance.clone(), context);
    match input {
        Input::Event(event) if audience.looks_at(&event.name) => look.count(event),
        Input::Due if instance.due_at.is_some_and(|due| context.now < due) => {
            return look.ignore(Ignored::TooEarly);
        }
        Input::Due | Input::ProfileChanged => {}
        Input::End { status, .. } => return ended(instance.clone(), *status, context.now),
        Input::Event(_)
        | Input::CallEnded { .. }
        | Input::AttemptLost
        | Input::Operation(_)
        | Input::Begin => return look.ignore(Ignored::NotAwaited),
    }
    look.settle(true);
    if look.output.instance == *instance { look.ignore(Ignored::NotAwaited) } else { look.finish() }
}

/// Watches nobody any more.
pub(crate) fn ended(mut instance: Instance, status: Status, now: Timestamp) -> Output {
    instance.status = status;
    instance.due_at = None;
    instance.updated_at = now;
    instance.turn += 1;
    instance.state.windows.clear();
    Output { happenings: vec![Happening::Ended { status, reason: None }], ..Output::of(instance) }
}

/// A fault of our own has ended the look.
fn missed(mut instance: Instance, error: CallError, now: Timestamp) -> Output {
    instance.turn += 1;
    instance.updated_at = now;
    instance.due_at = now.checked_add(AFTER_FAULT).ok();
    let step = instance.step.clone();
    Output { happenings: vec![Happening::Failed { step, error }], ..Output::of(instance) }
}

struct Look<'a> {
    audience: &'a Audience,
    context: Context<'a>,
    output: Output,
}

impl<'a> Look<'a> {
    fn new(audience: &'a Audience, mut instance: Instance, context: Context<'a>) -> Look<'a> {
        instance.state.windows.resize(audience.windows.len(), Seen::default());
        Look { audience, context, output: Output::of(instance) }
    }

    fn count(&mut self, event: &Event) {
        let (none, nothing) = (BTreeMap::new(), Value::Null);
        let scope = Scope::new(self.context.profile, &nothing, &none, self.context.now);
        let windows = self.audience.windows.iter().zip(&mut self.output.instance.state.windows);
        for (window, seen) in windows.filter(|(window, _)| window.on.event == event.name) {
            let local = Local { name: &window.on.alias, value: event.properties.clone(), next: None };
            let condition = window.on.condition.as_ref();
            // What cannot be decided does not count.
            let counts = condition.is_none_or(|held| holds(held, &scope.with(&local)).unwrap_or(false));
            if counts {
                seen.add(event, self.context.now);
            }
        }
    }

    /// Decides anew whether the person belongs to the audience, and when to look again. A change is `told` as an event.
    fn settle(&mut self, told: bool) {
        let now = self.context.now;
        let instance = &mut self.output.instance;
        let mut variables = BTreeMap::new();
        let mut due = self.audience.looks_at_clock.then(|| now.checked_add(CLOCK).ok()).flatten();
        for (place, (window, seen)) in
            self.audience.windows.iter().zip(&mut instance.state.windows).enumerate()
        {
            seen.age(window.within, now);
            due = [due, seen.ages_at(window.within)].into_iter().flatten().min();
            let count = i64::try_from(seen.times.len()).unwrap_or(i64::MAX);
            variables.insert(counted(place), Value::Int(count));
            variables.insert(latest(place), seen.last.clone());
        }
        instance.due_at = due;
        let nothing = Value::Null;
        let scope = Scope::new(self.context.profile, &nothing, &variables, now);
        let belongs = holds(&self.audience.condition, &scope).unwrap_or(false);
        let step: Name = if belongs { IN.into() } else { OUT.into() };
        if instance.step == step {
            return;
        }
        instance.step = step;
        if told {
            self.tell(belongs);
        }
    }

    fn tell(&mut self, belongs: bool) {
        let audience = &self.audience.name;
        let instance = &mut self.output.instance;
        let (happening, name) =
            if belongs { (Happening::Joined, joined(audience)) } else { (Happening::Left, left(audience)) };
        instance.turn += 1;
        self.output.happenings.push(happening);
        // Audiences that follow from journeys that follow from audiences come to an end like all that follows.
        if self.context.follows < MOST_FOLLOWS {
            let id = format!("{OWN_IDS}{}-{}", instance.id.simple(), instance.turn).into();
            let properties = Value::record([] as [(&str, Value); 0]);
            self.output.emitted.push(Event { id, name, at: self.context.now, properties });
        }
    }

    fn finish(mut self) -> Output {
        self.output.instance.updated_at = self.context.now;
        self.output.instance.state.follows = self.context.follows;
        self.output
    }

    fn ignore(mut self, why: Ignored) -> Output {
        self.output.ignored = Some(why);
        self.output
    }
}
