//! Runs many people through one journey on virtual time and counts what happens.
//!
//! People do not touch each other, so they are shared out among threads; the counts are the same however many there are.
//! Only limits are shared by all: people come through them in the order of their numbers.

mod draw;
mod report;
mod stand_in;

use std::collections::{BTreeMap, BTreeSet};

use graph::{Name, Project, Value};
use jiff::{SignedDuration, Timestamp};

pub use draw::Draw;
pub use report::{Report, StepCount};
pub use stand_in::{Answer, Share};

use crate::{Person, Stage};
use stand_in::StandIn;

/// What somebody is and does.
#[derive(Clone, Debug, PartialEq)]
pub struct Story {
    /// The key that events carry.
    pub key: Name,
    /// The attributes, all of them.
    pub profile: Value,
    /// The events in order of time: when, which, with what.
    pub events: Vec<(Timestamp, Name, Value)>,
}

/// How a journey is simulated.
#[derive(Clone, Debug)]
pub struct Plan<'p> {
    /// The project.
    pub project: &'p Project,
    /// The journey.
    pub journey: Name,
    /// What partners answer, by action; for other actions an answer is drawn.
    pub answers: BTreeMap<Name, Vec<Share>>,
    /// What chance draws from.
    pub seed: u64,
    /// The moment at which the simulation ends.
    pub end: Timestamp,
    /// How many threads work on it.
    pub threads: usize,
}

/// Runs `people` through the journey; `story` tells what each of them is and does, by number from zero.
///
/// # Errors
/// When there is no such journey, or somebody's story does not come to an end.
pub fn simulate(
    plan: &Plan<'_>,
    people: usize,
    story: &(dyn Fn(usize) -> Story + Sync),
) -> Result<Report, String> {
    let journey = plan.project.journeys.get(&plan.journey);
    let journey = journey.ok_or_else(|| format!("there is no journey `{}`", plan.journey))?;
    let stage = Stage::new(plan.project, &BTreeSet::from([plan.journey.clone()]));
    // Who comes through a limit depends on who came before.
    let threads = if journey.limits.is_empty() { plan.threads.max(1) } else { 1 };
    let share = people.div_ceil(threads).max(1);
    let parts: Vec<Result<Report, String>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|thread| {
                let stage = &stage;
                scope.spawn(move || {
                    let mut stand_in = StandIn::new(plan, journey);
                    for number in thread * share..people.min((thread + 1) * share) {
                        live(plan, stage, story(number), &mut stand_in)?;
                    }
                    Ok(stand_in.report)
                })
            })
            .collect();
        let died = |_| Err("a thread of the simulation died".to_owned());
        workers.into_iter().map(|worker| worker.join().unwrap_or_else(died)).collect()
    });
    let mut whole = Report::new(journey);
    for part in parts {
        whole.add(part?);
    }
    Ok(whole)
}

fn live(plan: &Plan<'_>, stage: &Stage, story: Story, stand_in: &mut StandIn<'_>) -> Result<(), String> {
    let begin = story.events.first().map_or(plan.end, |(at, ..)| *at);
    let mut person = Person::new(story.key, story.profile, stage, begin, stand_in);
    for (at, event, properties) in story.events {
        person.live_until(stage, at, stand_in)?;
        for (_, reason) in person.event(stage, &event, properties, at, stand_in) {
            stand_in.report.stays_out(reason);
        }
    }
    person.live_until(stage, plan.end, stand_in)?;
    stand_in.report.people += 1;
    let inside = person.instances().filter(|instance| instance.status != engine::Status::Member);
    inside.for_each(|instance| stand_in.report.rests(instance));
    Ok(())
}

/// A story drawn by chance: somebody enters once, at some moment of the first day.
///
/// # Errors
/// When there is no such journey.
pub fn drawn(plan: &Plan<'_>, begin: Timestamp, number: usize, people: usize) -> Result<Story, String> {
    let project = plan.project;
    let journey = project.journeys.get(&plan.journey);
    let journey = journey.ok_or_else(|| format!("there is no journey `{}`", plan.journey))?;
    let key: Name = format!("person-{}", number + 1).into();
    let mut draw = Draw::new(plan.seed, &key);
    let mut profile = draw.record(&project.profile.record);
    if let Value::Record(record) = &profile {
        profile = Value::Record(record.with(&project.profile.key, Value::Text(key.clone())));
    }
    let entry = journey.entries.get(number % journey.entries.len().max(1));
    let event = entry.map(|entry| entry.event.clone()).unwrap_or_default();
    let declared = project.events.get(&event).map(|schema| schema.record.clone());
    let record = declared.or_else(|| graph::system_record(&event)).or_else(|| journey.input.clone());
    let mut properties = record.map(|record| draw.record(&record));
    let day = SignedDuration::from_hours(24).as_micros();
    let offset = i64::try_from(day * number as i128 / people.max(1) as i128).unwrap_or_default();
    let at = begin.checked_add(SignedDuration::from_micros(offset)).map_err(|error| error.to_string())?;
    if event == graph::scheduled(&journey.name) {
        properties = Some(Value::record([("at", Value::DateTime(at))]));
    }
    Ok(Story { key, profile, events: vec![(at, event, properties.unwrap_or(Value::Null))] })
}
