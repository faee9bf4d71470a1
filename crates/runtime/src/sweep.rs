//! Passes over all people of a worker's shards: to watch them for a new audience, and to let them into a journey at the
//! times of its schedule.
//!
//! A pass goes on page by page, each page a part of an ordinary turn, which also writes how far the pass has come. What
//! it does to a person is the same when done twice (an event of the same id, an audience that is met already), so a pass
//! may be taken up anywhere. Deliberately absent: a clock, SQL, what happens to people.

use std::{collections::VecDeque, sync::Arc};

use engine::{Event, audience::IN, person::OWN_IDS};
use graph::{Journey, Name, Scheduled, Value, is_system_key, scheduled};
use jiff::{SignedDuration, Timestamp};
use store::{Shard, Sweep, Wanted, Writer};

use crate::{Catalog, turn::NewEvent};

/// The most people of one page, so that a pass leaves room for what comes in.
const MOST_PEOPLE: u32 = 200;

/// The passes of one worker.
pub(crate) struct Sweeper {
    /// Those under way, one after the other.
    passes: VecDeque<Pass>,
    schedules: Vec<Timetable>,
    /// The shards of the worker.
    own: Vec<Shard>,
    /// The part of all shards that they are.
    share: (u16, u16),
    /// What the clock said last.
    seen: Timestamp,
}

/// A journey's schedule, and when it comes next.
struct Timetable {
    journey: Arc<Journey>,
    scheduled: Scheduled,
    next: Option<Timestamp>,
}

/// One pass over the people of one shard.
struct Pass {
    sweep: Sweep,
    task: Task,
    /// Not before this moment, so that no more come than the journey reads in its time.
    next: Timestamp,
}

#[derive(Clone)]
enum Task {
    /// Watch them for an audience.
    Meet,
    /// Let those of the audience in.
    Enter { journey: Arc<Journey>, scheduled: Scheduled, at: Timestamp },
}

/// The next people of a pass.
pub(crate) struct Page {
    /// How far the pass has come with them.
    pub(crate) sweep: Sweep,
    pub(crate) people: Vec<Visitor>,
}

/// Somebody a pass comes by.
pub(crate) enum Visitor {
    /// To be watched for audiences.
    Met(Name),
    /// To be let into a journey by an event.
    Enters(NewEvent),
}

impl Visitor {
    /// Adds what a turn must load for somebody.
    pub(crate) fn want(&self, shard: Shard, wanted: &mut Wanted) {
        match self {
            Visitor::Met(key) => wanted.profiles.push((shard, key.clone(), true)),
            Visitor::Enters(new) => {
                wanted.profiles.push((shard, new.profile.clone(), true));
                wanted.events.push((shard, new.profile.clone(), new.event.id.clone()));
            }
        }
    }
}

impl Sweeper {
    /// Takes up what was under way, and begins what is new: audiences that were declared anew, and the latest time of
    /// each schedule that nobody was there for.
    pub(crate) async fn new(
        writer: &mut dyn Writer,
        catalog: &Catalog,
        shards: u16,
        now: Timestamp,
    ) -> Result<Sweeper, store::Error> {
        let known = writer.sweeps().await?;
        let own: Vec<Shard> = writer.held().keys().copied().collect();
        let share = (u16::try_from(own.len()).unwrap_or(u16::MAX).max(1), shards.max(1));
        let (passes, schedules) = (VecDeque::new(), Vec::new());
        let mut sweeper = Sweeper { passes, schedules, own: own.clone(), share, seen: now };
        for audience in catalog.audiences() {
            for shard in own.iter().copied() {
                let begun = known.iter().find(|sweep| {
                    sweep.shard == shard && sweep.name == audience.name && sweep.run == audience.version
                });
                let new = Sweep {
                    shard,
                    name: audience.name.clone(),
                    run: audience.version.clone(),
                    after: "".into(),
                    done: false,
                };
                sweeper.add(begun.cloned().unwrap_or(new), Task::Meet, now);
            }
        }
        for journey in catalog.project().journeys.values() {
            let Some(rule) = &journey.schedule else { continue };
            let runs: Vec<&Sweep> = known.iter().filter(|sweep| sweep.name == journey.name).collect();
            // A time that is still to come has come by a clock that was wrong.
            let come = runs.iter().filter_map(|sweep| moment_of(&sweep.run)).filter(|at| *at <= now);
            let last = come.max();
            if let Some(at) = last {
                // What came for one shard came for all: some may not have begun.
                for shard in own.iter().copied() {
                    let begun =
                        runs.iter().find(|sweep| sweep.shard == shard && moment_of(&sweep.run) == last);
                    let sweep = begun.map_or_else(|| entering(journey, shard, at), |sweep| (*sweep).clone());
                    let task = Task::Enter { journey: journey.clone(), scheduled: rule.clone(), at };
                    sweeper.add(sweep, task, now);
                }
            }
            let since = last.or_else(|| catalog.deployed_at(journey)).unwrap_or(now);
            sweeper.schedules.push(Timetable {
                journey: journey.clone(),
                scheduled: rule.clone(),
                next: latest_missed(rule, since, now).or_else(|| rule.next(now)),
            });
        }
        sweeper.begin(now);
        Ok(sweeper)
    }

    fn add(&mut self, sweep: Sweep, task: Task, next: Timestamp) {
        if !sweep.done {
            self.passes.push_back(Pass { sweep, task, next });
        }
    }

    /// Begins the passes of the schedules whose time has come.
    fn begin(&mut self, now: Timestamp) {
        if now < self.seen {
            // The clock was set back. Whoever is let in a second time at the same time is known already.
            self.schedules.iter_mut().for_each(|table| table.next = table.scheduled.next(now));
            self.passes.iter_mut().for_each(|pass| pass.next = pass.next.min(now));
        }
        self.seen = now;
        for place in 0..self.schedules.len() {
            let Some(table) = self.schedules.get_mut(place) else { continue };
            let Some(at) = table.next.filter(|at| *at <= now) else { continue };
            table.next = table.scheduled.next(now);
            let (journey, rule) = (table.journey.clone(), table.scheduled.clone());
            // A time that comes before the last one is through takes its place.
            self.passes.retain(|pass| pass.sweep.name != journey.name);
            for shard in self.own.clone() {
                let task = Task::Enter { journey: journey.clone(), scheduled: rule.clone(), at };
                self.add(entering(&journey, shard, at), task, now);
            }
        }
    }

    /// When there is something to do, as far as is known.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        let passes = self.passes.iter().map(|pass| pass.next);
        passes.chain(self.schedules.iter().filter_map(|table| table.next)).min()
    }

    /// The next people of the first pass whose moment has come.
    pub(crate) async fn page(
        &mut self,
        writer: &mut dyn Writer,
        now: Timestamp,
    ) -> Result<Option<Page>, store::Error> {
        self.begin(now);
        let ready = self.passes.iter().find(|pass| pass.next <= now);
        let Some(Pass { sweep, task, .. }) = ready else { return Ok(None) };
        let limit = self.most(task);
        let of = match task {
            Task::Enter { scheduled: Scheduled { audience: Some(audience), .. }, .. } => {
                Some((&**audience, IN))
            }
            Task::Enter { .. } | Task::Meet => None,
        };
        let keys = writer.people(sweep.shard, of, &sweep.after, limit).await?;
        let done = keys.len() < usize::try_from(limit).unwrap_or(usize::MAX);
        let after = keys.last().cloned().unwrap_or_else(|| sweep.after.clone());
        // What the server tells of is no person.
        let people = keys.into_iter().filter(|key| !is_system_key(key));
        let people = people.map(|key| visitor(task, sweep.shard, key)).collect();
        Ok(Some(Page { sweep: Sweep { after, done, ..sweep.clone() }, people }))
    }

    /// A page is written: the pass goes on behind it.
    pub(crate) fn moved(&mut self, page: &Sweep, people: usize, now: Timestamp) {
        let place = self.passes.iter().position(|pass| {
            pass.sweep.shard == page.shard && pass.sweep.name == page.name && pass.sweep.run == page.run
        });
        let Some(mut pass) = place.and_then(|place| self.passes.remove(place)) else { return };
        let pause = self.pause(&pass.task, people);
        let next = now.checked_add(pause).unwrap_or(now);
        pass.sweep = page.clone();
        // The whole journey reads at its rate, not each of its shards.
        for other in self.passes.iter_mut().filter(|other| other.sweep.name == page.name) {
            other.next = other.next.max(next);
        }
        if !pass.sweep.done {
            pass.next = next;
            self.passes.push_front(pass);
        }
    }

    fn most(&self, task: &Task) -> u32 {
        match task {
            Task::Enter { scheduled: Scheduled { rate: Some(rate), .. }, .. } => {
                let second = u64::from(rate.count) * 1_000_000 * u64::from(self.share.0)
                    / (u64::try_from(rate.per).unwrap_or(1).max(1) * u64::from(self.share.1));
                u32::try_from(second).unwrap_or(MOST_PEOPLE).clamp(1, MOST_PEOPLE)
            }
            Task::Enter { .. } | Task::Meet => MOST_PEOPLE,
        }
    }

    /// How long a journey rests after so many people.
    fn pause(&self, task: &Task, people: usize) -> SignedDuration {
        let Task::Enter { scheduled: Scheduled { rate: Some(rate), .. }, .. } = task else {
            return SignedDuration::ZERO;
        };
        let people = i64::try_from(people).unwrap_or(i64::MAX);
        let micros = rate
            .per
            .saturating_mul(people)
            .saturating_mul(i64::from(self.share.1))
            .checked_div(i64::from(rate.count) * i64::from(self.share.0))
            .unwrap_or_default();
        SignedDuration::from_micros(micros)
    }
}

fn entering(journey: &Journey, shard: Shard, at: Timestamp) -> Sweep {
    let run = at.as_microsecond().to_string().into();
    Sweep { shard, name: journey.name.clone(), run, after: "".into(), done: false }
}

fn visitor(task: &Task, shard: Shard, key: Name) -> Visitor {
    match task {
        Task::Meet => Visitor::Met(key),
        Task::Enter { journey, at, .. } => {
            let properties = Value::record([("at", Value::DateTime(*at))]);
            let text = graph::json::write(&properties);
            let id = format!("{OWN_IDS}{}-{}", journey.name, at.as_microsecond()).into();
            let event = Event { id, name: scheduled(&journey.name), at: *at, properties };
            Visitor::Enters(NewEvent { shard, profile: key, event, text, sender: None })
        }
    }
}

fn moment_of(run: &str) -> Option<Timestamp> {
    Timestamp::from_microsecond(run.parse().ok()?).ok()
}

/// The latest time of a schedule that has passed since then.
fn latest_missed(rule: &Scheduled, since: Timestamp, now: Timestamp) -> Option<Timestamp> {
    let mut missed = None;
    let mut next = rule.next(since);
    // A day is far enough back: what was missed longer ago nobody waits for any more.
    let earliest = now.checked_sub(SignedDuration::from_hours(24)).unwrap_or(now);
    if next.is_some_and(|at| at < earliest) {
        next = rule.next(earliest);
    }
    while let Some(at) = next.filter(|at| *at <= now) {
        missed = Some(at);
        next = rule.next(at);
    }
    missed
}
