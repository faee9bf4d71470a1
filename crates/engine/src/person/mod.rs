//! One person: what an event, an answer or a moment does to all of their instances, and what follows from it.
//!
//! An event is shown to the instances that listen, then starts new ones. What these turns let follow (events, starts,
//! ends) happens after it, in order, until nothing follows any more. Whoever has a person's instances at hand, in a
//! store or in a test, offers them as [`Around`]; what happens is the same.

mod around;
mod members;
mod surroundings;

use std::{cmp::Reverse, collections::VecDeque, sync::Arc};

use graph::{Inside, Journey, Name, Value, ended, started, subscription};
use uuid::Uuid;

pub use around::{Around, Outcome, Past};

use surroundings::Surroundings;

use crate::{
    Event, Happening, Ignored, Input, Output, Status, Stop, advance,
    enter::{admit, barred, start},
    limit::Limits,
    policy::Standing,
};

/// What the ids of events begin with that follow from others; senders' ids never do.
pub const OWN_IDS: &str = "wayfare:";
/// From how many events in a row, without time passing, a further one may follow.
pub const MOST_FOLLOWS: u32 = 16;
/// How much may follow from one input in all.
const MOST_FOLLOWING: usize = 1_000;
/// How many instances of one journey a person may have inside at once.
const MOST_INSIDE: usize = 1_000;

/// Lets an event happen, and all that follows from it. What the event itself did is given; what followed is logged.
pub fn take(around: &mut dyn Around, event: &Event) -> Vec<Outcome> {
    let mut turn = Following { around, queue: VecDeque::new(), depth: 0, done: 0 };
    let outcomes = turn.event(event);
    turn.settle();
    outcomes
}

/// Gives an instance an input, and lets happen all that follows from it; none when there is no such instance, or its
/// version cannot be read.
pub fn apply(around: &mut dyn Around, id: Uuid, input: &Input) -> Option<Option<Ignored>> {
    let mut turn = Following { around, queue: VecDeque::new(), depth: 0, done: 0 };
    let ignored = turn.apply(id, input);
    turn.settle();
    ignored.map(|applied| applied.err())
}

/// The person's attributes have changed from outside: ends the instances whose journeys say so.
pub fn profile_changed(around: &mut dyn Around) {
    let mut turn = Following { around, queue: VecDeque::new(), depth: 0, done: 0 };
    turn.profile_changed();
    turn.settle();
}

/// Watches a person for every audience, who may not have been watched before.
pub fn met(around: &mut dyn Around) {
    let mut turn = Following { around, queue: VecDeque::new(), depth: 0, done: 0 };
    turn.meet();
    turn.settle();
}

/// What follows from a turn.
enum Follow {
    Event(Event),
    Stop {
        stop: Stop,
        by: Name,
    },
    /// The next one in the queue begins.
    Next {
        journey: Name,
        key: Name,
    },
    ProfileChanged,
    Ended {
        journey: Name,
        id: Name,
        start: Name,
        status: Name,
        reason: Option<String>,
    },
}

struct Following<'a> {
    around: &'a mut dyn Around,
    /// What follows, each with how deep it does.
    queue: VecDeque<(u32, Follow)>,
    depth: u32,
    done: usize,
}

impl Following<'_> {
    fn settle(&mut self) {
        while let Some((depth, follow)) = self.queue.pop_front() {
            self.depth = depth;
            self.done += 1;
            match follow {
                Follow::Event(event) => {
                    let outcomes = self.event(&event);
                    self.tell_who_stays_out(&event, &outcomes);
                    self.around.log(event, outcomes);
                }
                Follow::Stop { stop, by } => self.stop(&stop, &by),
                Follow::Next { journey, key } => self.next(&journey, &key),
                Follow::ProfileChanged => self.profile_changed(),
                Follow::Ended { journey, id, start, status, reason } => {
                    self.tell_end(&journey, id, start, &status, reason);
                }
            }
        }
    }

    /// How far this is from what came from outside; as far as may be, when too much follows in all.
    fn follows(&self) -> u32 {
        if self.done + self.queue.len() < MOST_FOLLOWING { self.depth } else { MOST_FOLLOWS }
    }

    fn event(&mut self, event: &Event) -> Vec<Outcome> {
        let mut outcomes = Vec::new();
        if let Some((policy, subscribed)) = subscription(&event.name) {
            self.around.subscribe(&policy.into(), subscribed, event.at);
        }
        // Audiences come first, so that whoever asks about one is told how it is after the event.
        self.meet();
        let listening = self.around.listening();
        let (members, mut others): (Vec<Uuid>, Vec<Uuid>) =
            listening.into_iter().partition(|id| self.is_member(*id));
        if others.len() > 1 {
            others.sort_by_cached_key(|id| Reverse(self.journey_of(*id).map(|journey| journey.priority)));
        }
        for id in members {
            self.look(id, &Input::Event(event.clone()));
        }
        for id in others {
            outcomes.extend(self.show(id, event));
        }
        let mut entered = self.around.entered_by(&event.name);
        entered.sort_by_key(|journey| Reverse(journey.priority));
        for journey in entered {
            outcomes.push(self.admit(&journey, event));
        }
        outcomes
    }

    /// The journey that an instance is in; none for one that watches for an audience.
    fn journey_of(&mut self, id: Uuid) -> Option<Arc<Journey>> {
        let instance = self.around.instance(id).filter(|instance| instance.status != Status::Member)?;
        let (name, version) = (instance.journey.clone(), instance.version.clone());
        self.around.journey(&name, &version)
    }

    /// Shows an event to an instance; gives what became of it where the journey listens to such events at all.
    fn show(&mut self, id: Uuid, event: &Event) -> Option<Outcome> {
        let journey = self.journey_of(id)?;
        if !journey.listens_to(&event.name) {
            return None;
        }
        let (outcome, reason) = match self.apply(id, &Input::Event(event.clone()))? {
            Err(ignored) => ("ignored", Some(ignored.reason())),
            Ok(happened) => (happened, None),
        };
        let journey = journey.name.clone();
        Some(Outcome { journey, outcome: outcome.into(), instance: Some(id), reason })
    }

    /// Gives what an accepted input did with an event, in a word.
    fn apply(&mut self, id: Uuid, input: &Input) -> Option<Result<&'static str, Ignored>> {
        let instance = self.around.instance(id)?;
        if instance.status == Status::Member {
            return self.look(id, input).map(|()| Ok("kept"));
        }
        let journey = self.journey_of(id)?;
        let profile = self.around.attributes(&journey);
        let surroundings = self.surroundings(&journey, profile);
        let instance = self.around.instance(id)?;
        let before = (instance.step.clone(), instance.status);
        let output = advance(&journey, instance, input, surroundings.context());
        if let Some(ignored) = output.ignored {
            return Some(Err(ignored));
        }
        let did = |wanted: fn(&Happening) -> bool| output.happenings.iter().any(wanted);
        let happened = if did(|one| matches!(one, Happening::Consumed { .. })) {
            "consumed"
        } else if did(|one| matches!(one, Happening::Reached { .. })) {
            "reached"
        } else {
            "kept"
        };
        self.keep(&journey, Some(before), output);
        Some(Ok(happened))
    }

    /// Keeps a turn and remembers what follows from it.
    fn keep(&mut self, journey: &Journey, before: Option<(Name, Status)>, output: Output) {
        let instance = &output.instance;
        let depth = instance.state.follows + 1;
        let by = instance.journey.clone();
        let mut follow = |what| self.queue.push_back((depth, what));
        output.stops.iter().for_each(|stop| follow(Follow::Stop { stop: stop.clone(), by: by.clone() }));
        output.emitted.iter().for_each(|event| follow(Follow::Event(event.clone())));
        if !output.changes.is_empty() {
            follow(Follow::ProfileChanged);
        }
        let was_live = before.as_ref().is_none_or(|(_, status)| status.is_live());
        if was_live && !instance.status.is_live() {
            if journey.inside == Inside::Queue {
                follow(Follow::Next { journey: by.clone(), key: instance.key.clone() });
            }
            if let Some(start) = instance.state.start.clone() {
                let (status, reason) = (instance.status.word().into(), instance.state.reason.clone());
                let id = format!("{OWN_IDS}{}-{}-ended", instance.id.simple(), instance.turn).into();
                follow(Follow::Ended { journey: by, id, start, status, reason });
            }
        }
        self.around.keep(journey, before, output);
    }

    /// What a journey is advanced in for this person, whose attributes these are.
    fn surroundings(&mut self, journey: &Journey, profile: Value) -> Surroundings {
        let asked = !journey.policies.is_empty();
        Surroundings {
            profile,
            now: self.around.now(),
            audiences: self.belongs_to(journey),
            standing: if asked { self.around.standing() } else { Standing::default() },
            suppressed: self.around.suppressed(),
            links: self.around.links(),
            limits: self.limits(journey),
            follows: self.follows(),
        }
    }

    /// Who has come through the limits of a journey.
    fn limits(&mut self, journey: &Journey) -> Limits {
        let limits = journey.limits.iter();
        limits.map(|limit| (limit.clone(), self.around.taken(&journey.name, limit))).collect()
    }

    fn admit(&mut self, journey: &Arc<Journey>, event: &Event) -> Outcome {
        match self.try_admit(journey, event) {
            Ok((id, outcome)) => Outcome {
                journey: journey.name.clone(),
                outcome: outcome.into(),
                instance: Some(id),
                reason: None,
            },
            Err(reason) => Outcome {
                journey: journey.name.clone(),
                outcome: "stayed-out".into(),
                instance: None,
                reason: Some(reason),
            },
        }
    }

    fn try_admit(&mut self, journey: &Arc<Journey>, event: &Event) -> Result<(Uuid, &'static str), String> {
        let profile = self.around.attributes_at_entry(journey)?;
        let surroundings = self.surroundings(journey, profile);
        let context = surroundings.context();
        let key = admit(journey, event, context)?;
        let inside = self.inside(&journey.name, Some(&key));
        if !inside.is_empty() && journey.inside == Inside::Skip {
            return Err(match &*key {
                "" => "already inside".to_owned(),
                key => format!("already inside for `{key}`"),
            });
        }
        if let Some(reason) =
            barred(journey.reentry, self.around.last_entry(&journey.name, &key), context.now)
        {
            return Err(reason);
        }
        if inside.len() >= MOST_INSIDE {
            return Err(format!("{MOST_INSIDE} times inside already"));
        }
        if journey.inside == Inside::Replace {
            let reason = format!("entered anew by {}", event.name);
            for id in &inside {
                self.apply(*id, &Input::End { status: Status::Replaced, reason: reason.clone() });
            }
        }
        let id = self.around.new_id(event, &journey.name);
        let queued = journey.inside == Inside::Queue && !inside.is_empty();
        let output = start(journey, id, &self.around.key(), key, event, context, queued);
        self.keep(journey, None, output);
        Ok((id, if queued { "queued" } else { "entered" }))
    }

    /// The person's instances that go on in a journey, under a key or under any.
    fn inside(&mut self, journey: &Name, key: Option<&Name>) -> Vec<Uuid> {
        let mut ids = self.around.listening();
        ids.retain(|id| {
            self.around.instance(*id).is_some_and(|instance| {
                instance.status.is_live()
                    && instance.journey == *journey
                    && key.is_none_or(|key| instance.key == *key)
            })
        });
        ids
    }

    fn stop(&mut self, stop: &Stop, by: &Name) {
        for id in self.inside(&stop.journey, stop.key.as_ref()) {
            self.apply(id, &Input::End { status: Status::Stopped, reason: format!("by {by}") });
        }
    }

    /// The first in the queue begins, if nobody is inside before them.
    fn next(&mut self, journey: &Name, key: &Name) {
        let inside = self.inside(journey, Some(key));
        if let Some(first) = inside.first()
            && self.around.instance(*first).is_some_and(|instance| instance.status == Status::Queued)
        {
            self.apply(*first, &Input::Begin);
        }
    }

    fn profile_changed(&mut self) {
        self.meet();
        for id in self.around.listening() {
            let journey = self.journey_of(id);
            if self.is_member(id) || journey.is_some_and(|journey| !journey.leave_when.is_empty()) {
                self.apply(id, &Input::ProfileChanged);
            }
        }
    }

    /// Whoever waits for the end of a start that nobody entered by is told so.
    fn tell_who_stays_out(&mut self, event: &Event, outcomes: &[Outcome]) {
        for outcome in outcomes {
            if event.name == started(&outcome.journey) && &*outcome.outcome == "stayed-out" {
                let reason = outcome.reason.clone();
                let id = format!("{OWN_IDS}{}-stayed-out", event.id).into();
                self.tell_end(&outcome.journey, id, event.id.clone(), "stayed-out", reason);
            }
        }
    }

    /// Lets the event of an end happen, if somebody waits for it.
    fn tell_end(&mut self, journey: &Name, id: Name, start: Name, status: &str, reason: Option<String>) {
        let name = ended(journey);
        let mut listening = self.around.listening().into_iter();
        if !listening.any(|id| self.journey_of(id).is_some_and(|journey| journey.awaited.contains(&name))) {
            return;
        }
        let properties = Value::record([
            ("start", Value::Text(start)),
            ("status", Value::text(status)),
            ("reason", reason.as_deref().map_or(Value::Null, Value::text)),
        ]);
        let event = Event { id, name, at: self.around.now(), properties };
        let outcomes = self.event(&event);
        self.around.log(event, outcomes);
    }
}
