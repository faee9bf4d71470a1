//! The scheduler: what happens next, what goes wrong, and a partner that keeps account.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use engine::{
    Effect, Event, Input, Instance, Status,
    person::{apply, take},
};
use graph::{Answer, CallError, ErrorKind, Name, Project, Value};
use jiff::{SignedDuration, Timestamp};
use rehearse::simulate::Draw;
use uuid::Uuid;
use xxhash_rust::xxh3::Xxh3;

use crate::model::{Limits, Person, Turn, waits_for};

/// Something that comes in at a moment, for a person by number.
#[derive(Clone)]
enum Coming {
    Event(Event),
    Input(Uuid, Input),
}

/// What came of it all.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Told {
    /// The hash of the log, and its length.
    pub(crate) log: (u128, u64),
    turns: u64,
    ignored: u64,
    duplicates: u64,
    died_before: u64,
    died_after: u64,
    lost_answers: u64,
    late_answers: u64,
    repeated_attempts: u64,
    effects: u64,
}

impl Told {
    pub(crate) fn add(&mut self, other: &Told) {
        self.log.1 += other.log.1;
        self.turns += other.turns;
        self.ignored += other.ignored;
        self.duplicates += other.duplicates;
        self.died_before += other.died_before;
        self.died_after += other.died_after;
        self.lost_answers += other.lost_answers;
        self.late_answers += other.late_answers;
        self.repeated_attempts += other.repeated_attempts;
        self.effects += other.effects;
    }

    pub(crate) fn faults(&self) -> [(&'static str, u64); 7] {
        [
            ("an input that nobody waits for", self.ignored),
            ("an event that came twice", self.duplicates),
            ("a death before the commit", self.died_before),
            ("a death after the commit", self.died_after),
            ("an answer that is lost", self.lost_answers),
            ("an answer that is late", self.late_answers),
            ("an attempt that is made again", self.repeated_attempts),
        ]
    }
}

/// What a partner was asked to do under a key.
struct Done {
    request: String,
    attempts: BTreeSet<u32>,
}

/// Everybody, on virtual time.
pub(crate) struct World<'p> {
    project: &'p Project,
    draw: Draw,
    now: Timestamp,
    end: Timestamp,
    people: Vec<Person>,
    /// What is over, by person: nothing may change it, so no turn copies it.
    over: Vec<BTreeMap<Uuid, Arc<Instance>>>,
    /// The ids of events that have been taken, by person.
    known: Vec<BTreeSet<Name>>,
    limits: Limits,
    coming: BTreeMap<(Timestamp, u64), (usize, Coming)>,
    sequence: u64,
    due: BTreeSet<(Timestamp, usize, Uuid)>,
    calling: BTreeSet<(usize, Uuid)>,
    partner: BTreeMap<Uuid, Done>,
    calls: BTreeMap<(Uuid, u32), Uuid>,
    log: Xxh3,
    told: Told,
}

const DAY: i64 = 86_400_000;

impl<'p> World<'p> {
    pub(crate) fn new(project: &'p Project, seed: u64) -> World<'p> {
        let now: Timestamp = "2026-01-05T00:00:00Z".parse().unwrap();
        World {
            project,
            draw: Draw::new(seed, "ten years"),
            now,
            end: now,
            people: Vec::new(),
            over: Vec::new(),
            known: Vec::new(),
            limits: Limits::new(),
            coming: BTreeMap::new(),
            sequence: 0,
            due: BTreeSet::new(),
            calling: BTreeSet::new(),
            partner: BTreeMap::new(),
            calls: BTreeMap::new(),
            log: Xxh3::new(),
            told: Told::default(),
        }
    }

    /// Lets so many people live so many years with faults, and one year without.
    pub(crate) fn live(mut self, people: usize, years: i64) -> Told {
        self.end = self.now + SignedDuration::from_hours(24 * 365 * years);
        for number in 0..people {
            let key: Name = format!("person-{number}").into();
            let profile =
                Value::record([("customerId", Value::Text(key.clone())), ("firstName", Value::text("Ada"))]);
            self.people.push(Person::new(key, profile));
            self.over.push(BTreeMap::new());
            self.known.push(BTreeSet::new());
            self.next_event(number);
        }
        let after = self.end + SignedDuration::from_hours(24 * 365);
        while let Some((number, coming)) = self.next(after) {
            self.happens(number, coming);
        }
        self.is_over();
        self.told.log = (self.log.digest128(), self.told.log.1);
        self.told
    }

    /// What comes next, with the clock moved there.
    fn next(&mut self, until: Timestamp) -> Option<(usize, Coming)> {
        let coming = self.coming.first_key_value().map(|((at, _), _)| *at);
        let due = self.due.first().map(|(at, _, _)| *at);
        let at = [coming, due].into_iter().flatten().min().filter(|at| *at <= until)?;
        // A worker may be late, and time never goes back.
        self.now = self.now.max(at);
        if coming.is_some_and(|coming| due.is_none_or(|due| coming <= due)) {
            return self.coming.pop_first().map(|(_, coming)| coming);
        }
        let (_, number, id) = *self.due.first()?;
        Some((number, Coming::Input(id, Input::Due)))
    }

    fn faulty(&self) -> bool {
        self.now < self.end
    }

    /// True in so many of a thousand cases, while things go wrong at all.
    fn fails(&mut self, of_a_thousand: u64) -> bool {
        self.faulty() && self.draw.below(1_000) < of_a_thousand
    }

    fn millis(&mut self, most: i64) -> SignedDuration {
        SignedDuration::from_millis(i64::try_from(self.draw.below(most.unsigned_abs())).unwrap())
    }

    fn comes(&mut self, after: SignedDuration, number: usize, coming: Coming) {
        self.sequence += 1;
        self.coming.insert((self.now + after, self.sequence), (number, coming));
    }

    /// The next thing that somebody does.
    fn next_event(&mut self, number: usize) {
        let after = self.millis(200 * DAY);
        if self.now + after >= self.end {
            return;
        }
        let name = ["started", "paid", "paid", "left"][usize::try_from(self.draw.below(4)).unwrap()];
        let amount = i64::try_from(self.draw.below(10)).unwrap();
        let properties = match name {
            "left" => Value::record::<&str>([]),
            _ => Value::record([("amount", Value::Int(amount))]),
        };
        let late = if self.fails(50) { self.millis(60 * DAY) } else { SignedDuration::ZERO };
        let at = self.now + after - late;
        let id = format!("e{}", self.sequence).into();
        self.comes(after, number, Coming::Event(Event { id, name: name.into(), at, properties }));
    }

    /// One turn, unless the process dies before its commit.
    fn happens(&mut self, number: usize, coming: Coming) {
        if let Coming::Event(event) = &coming
            && !self.known[number].contains(&event.id)
        {
            // They do something else later, whatever becomes of this; and some senders send twice.
            if self.fails(100) {
                let after = self.millis(700 * DAY);
                self.comes(after, number, coming.clone());
            }
        }
        let mut turn = Turn {
            project: self.project,
            person: self.people[number].clone(),
            limits: self.limits.clone(),
            now: self.now,
            effects: Vec::new(),
            lines: String::new(),
            touched: BTreeSet::new(),
        };
        let changed = match &coming {
            Coming::Event(event) if self.known[number].contains(&event.id) => {
                self.told.duplicates += 1;
                false
            }
            Coming::Event(event) => {
                take(&mut turn, event);
                true
            }
            Coming::Input(id, input) => self.apply(&mut turn, number, *id, input),
        };
        if !changed {
            assert!(turn.lines.is_empty() && turn.effects.is_empty(), "an ignored input did something");
            return;
        }
        if self.fails(5) {
            self.told.died_before += 1;
            if let Coming::Event(_) = coming {
                let after = self.millis(60_000);
                self.comes(after, number, coming);
            }
            return self.starts_again();
        }
        let effects = self.commit(number, turn);
        let own = if let Coming::Event(event) = &coming {
            self.known[number].insert(event.id.clone());
            self.next_event(number);
            true
        } else {
            false
        };
        if self.fails(5) {
            self.told.died_after += 1;
            if own {
                let after = self.millis(60_000);
                self.comes(after, number, coming);
            }
            return self.starts_again();
        }
        for (id, effect) in effects {
            self.attempt(number, id, &effect);
        }
        self.stray(number);
    }

    /// Gives an instance an input, which it accepts if and only if it waits for it.
    fn apply(&mut self, turn: &mut Turn<'_>, number: usize, id: Uuid, input: &Input) -> bool {
        if let Some(over) = self.over[number].get(&id) {
            turn.person.instances.insert(id, over.clone());
        }
        let instance = turn.person.instances.get(&id).unwrap().clone();
        let wanted = waits_for(&instance, input, self.now);
        let ignored = apply(turn, id, input).unwrap();
        if instance.status != Status::Member {
            assert_eq!(wanted, Some(ignored.is_none()), "{input:?} for {instance:?}: {ignored:?}");
        }
        if ignored.is_some() {
            self.told.ignored += 1;
            assert_eq!(turn.person.instances[&id], instance, "an ignored input changed something");
        }
        ignored.is_none()
    }

    fn commit(&mut self, number: usize, turn: Turn<'_>) -> Vec<(Uuid, Effect)> {
        for id in &turn.touched {
            if let Some(due) = self.people[number].instances.get(id).and_then(|before| before.due_at) {
                self.due.remove(&(due, number, *id));
            }
            let after = &turn.person.instances[id];
            self.due.extend(after.due_at.filter(|_| after.listens()).map(|due| (due, number, *id)));
            self.calling.remove(&(number, *id));
            if after.state.call.as_ref().is_some_and(|call| call.under_way) && after.status.is_live() {
                self.calling.insert((number, *id));
            }
        }
        let over = |_: &Uuid, instance: &mut Arc<Instance>| !instance.listens();
        self.people[number] = turn.person;
        self.over[number].extend(self.people[number].instances.extract_if(.., over));
        self.limits = turn.limits;
        self.log.update(turn.lines.as_bytes());
        self.told.log.1 += turn.lines.len() as u64;
        self.told.turns += turn.touched.len() as u64;
        turn.effects
    }

    /// The process has died: answers that were on their way reach nobody, and their attempts are made again.
    fn starts_again(&mut self) {
        self.coming.retain(|_, (_, coming)| !matches!(coming, Coming::Input(..)));
        let lost: Vec<(usize, Uuid)> = self.calling.iter().copied().collect();
        for (number, id) in lost {
            self.comes(SignedDuration::from_millis(100), number, Coming::Input(id, Input::AttemptLost));
        }
    }

    /// An attempt reaches the partner, and its answer comes or does not.
    fn attempt(&mut self, number: usize, id: Uuid, effect: &Effect) {
        let Effect::Call { call, attempt, idempotency_key, request, .. } = effect;
        let request = format!("{request:?}");
        let first = *self.calls.entry((id, *call)).or_insert(*idempotency_key);
        assert_eq!(first, *idempotency_key, "a call has one key");
        let done = self.partner.entry(*idempotency_key);
        let done = done.or_insert_with(|| Done { request: request.clone(), attempts: BTreeSet::new() });
        assert_eq!(done.request, request, "a key stands for one request");
        if !done.attempts.insert(*attempt) {
            self.told.repeated_attempts += 1;
        }
        self.told.effects = self.partner.len() as u64;
        if self.fails(30) {
            self.told.lost_answers += 1;
            return;
        }
        let after = if self.fails(30) {
            self.told.late_answers += 1;
            self.millis(60_000)
        } else {
            self.millis(1_500)
        };
        let outcome = match self.draw.below(20) {
            0 => Err(CallError::new(ErrorKind::Timeout, "no answer in time")),
            1 => Ok(answer(503, "busy")),
            2 if self.faulty() => Ok(answer(404, "nobody")),
            3 | 4 => Ok(answer(200, r#"{"vip":true,"level":"gold"}"#)),
            5..12 => Ok(answer(200, r#"{"vip":true,"level":null}"#)),
            _ => Ok(answer(200, r#"{"vip":false,"level":"tin"}"#)),
        };
        let input = Input::CallEnded { call: *call, attempt: *attempt, outcome };
        if self.fails(30) {
            let later = self.millis(30 * DAY);
            self.comes(later, number, Coming::Input(id, input.clone()));
        }
        self.comes(after, number, Coming::Input(id, input));
    }

    /// Now and then something comes that nobody asked for.
    fn stray(&mut self, number: usize) {
        if !self.fails(20) {
            return;
        }
        let count = self.people[number].instances.len() + self.over[number].len();
        let place = usize::try_from(self.draw.below(count as u64)).unwrap();
        let mut ids = self.people[number].instances.keys().chain(self.over[number].keys());
        let Some(id) = ids.nth(place).copied() else { return };
        let attempt = u32::try_from(self.draw.below(3)).unwrap();
        let input = match self.draw.below(3) {
            0 => Input::Due,
            1 => Input::AttemptLost,
            _ => Input::CallEnded { call: attempt, attempt, outcome: Ok(answer(200, "{}")) },
        };
        let after = self.millis(DAY);
        self.comes(after, number, Coming::Input(id, input));
    }

    /// A year after the last fault nobody is inside any more.
    fn is_over(&self) {
        assert!(self.calling.is_empty(), "{:?}", self.calling);
        for person in &self.people {
            for id in &person.live {
                let instance = &person.instances[id];
                assert_eq!(instance.status, Status::Member, "left behind: {instance:?}");
            }
        }
    }
}

fn answer(status: u16, body: &str) -> Answer {
    Answer::of(status, body)
}
