//! What a simulation counts.

use std::{collections::BTreeMap, sync::Arc};

use engine::{Happening, Instance, Output, Status};
use graph::{Journey, Name};
use petgraph::visit::EdgeRef;

/// What happened to everybody.
#[derive(Clone, Debug)]
pub struct Report {
    /// How many people there were.
    pub people: u64,
    /// How many instances were started.
    pub entered: u64,
    /// Why others were not, and how often.
    pub stayed_out: BTreeMap<String, u64>,
    /// The calls that would go out, by action.
    pub calls: BTreeMap<Name, u64>,
    /// The messages that would go out.
    pub messages: BTreeMap<Name, u64>,
    /// How the instances ended: a status, and the reason where there is one.
    pub ended: BTreeMap<String, u64>,
    journey: Arc<Journey>,
    steps: Vec<StepCount>,
    /// How often each way was taken, by the number of its edge.
    ways: Vec<u64>,
    /// How long the ended instances took, in microseconds.
    durations: Vec<i64>,
}

/// What happened at a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StepCount {
    /// How often it was passed.
    pub passed: u64,
    /// How many still wait there at the end.
    pub waiting: u64,
    /// How many failed there.
    pub failed: u64,
}

impl Report {
    pub(super) fn new(journey: &Arc<Journey>) -> Report {
        Report {
            people: 0,
            entered: 0,
            stayed_out: BTreeMap::new(),
            calls: BTreeMap::new(),
            messages: BTreeMap::new(),
            ended: BTreeMap::new(),
            steps: vec![StepCount::default(); journey.graph.node_count()],
            ways: vec![0; journey.graph.edge_count()],
            durations: Vec::new(),
            journey: journey.clone(),
        }
    }

    pub(super) fn stays_out(&mut self, reason: String) {
        *self.stayed_out.entry(reason).or_default() += 1;
    }

    pub(super) fn calls(&mut self, action: &Name) {
        bump(&mut self.calls, action);
    }

    pub(super) fn sends(&mut self, message: &Name) {
        bump(&mut self.messages, message);
    }

    pub(super) fn turned(&mut self, journey: &Journey, output: &Output) {
        for happening in &output.happenings {
            match happening {
                Happening::Entered { .. } => self.entered += 1,
                Happening::Passed { step, way } => {
                    self.passed(journey, step, way.as_deref().unwrap_or_default())
                }
                _ => {}
            }
        }
    }

    fn passed(&mut self, journey: &Journey, step: &str, way: &str) {
        let Some(node) = journey.find(step) else { return };
        if let Some(count) = self.steps.get_mut(node.index()) {
            count.passed += 1;
        }
        let taken = journey.graph.edges(node).find(|edge| edge.weight().label() == way);
        if let Some(count) = taken.and_then(|edge| self.ways.get_mut(edge.id().index())) {
            *count += 1;
        }
    }

    /// Where an instance is at the end of the simulation.
    pub(super) fn rests(&mut self, instance: &Instance) {
        let step = self.journey.find(&instance.step).and_then(|node| self.steps.get_mut(node.index()));
        if let Some(count) = step {
            count.waiting += u64::from(instance.status.is_live());
            count.failed += u64::from(instance.status == Status::Failed);
        }
        if instance.status.is_live() {
            return;
        }
        let reason = instance.state.reason.as_deref().filter(|_| instance.status == Status::Exited);
        let how = match reason {
            Some(reason) => format!("{}: {reason}", instance.status.word()),
            None => instance.status.word().to_owned(),
        };
        *self.ended.entry(how).or_default() += 1;
        let took = instance.updated_at.duration_since(instance.entered_at).as_micros();
        self.durations.push(i64::try_from(took).unwrap_or(i64::MAX));
    }

    pub(super) fn add(&mut self, other: Report) {
        self.people += other.people;
        self.entered += other.entered;
        add(&mut self.calls, other.calls);
        add(&mut self.messages, other.messages);
        add(&mut self.stayed_out, other.stayed_out);
        add(&mut self.ended, other.ended);
        for (own, other) in self.steps.iter_mut().zip(other.steps) {
            own.passed += other.passed;
            own.waiting += other.waiting;
            own.failed += other.failed;
        }
        for (own, other) in self.ways.iter_mut().zip(other.ways) {
            *own += other;
        }
        self.durations.extend(other.durations);
    }

    /// The steps in the order of the file.
    pub fn steps(&self) -> impl Iterator<Item = (&Name, StepCount)> {
        let names = self.journey.graph.node_weights().map(|step| &step.name);
        names.zip(self.steps.iter().copied())
    }

    /// The ways of branching steps that nobody took: the step and what the way says.
    pub fn never_taken(&self) -> impl Iterator<Item = (&Name, &str)> {
        let graph = &self.journey.graph;
        graph.edge_references().filter_map(move |edge| {
            let branches = graph.edges(edge.source()).count() > 1;
            let never = self.ways.get(edge.id().index()) == Some(&0);
            let step = self.journey.step(edge.source())?;
            (branches && never).then(|| (&step.name, edge.weight().label()))
        })
    }

    /// How long the ended instances took at most, in microseconds, for this share of a hundred of them.
    pub fn duration(&self, percent: usize) -> Option<i64> {
        let mut sorted = self.durations.clone();
        let last = sorted.len().checked_sub(1)?;
        let (_, at, _) = sorted.select_nth_unstable((last * percent).div_ceil(100).min(last));
        Some(*at)
    }
}

fn add<K: Ord>(own: &mut BTreeMap<K, u64>, other: BTreeMap<K, u64>) {
    other.into_iter().for_each(|(name, count)| *own.entry(name).or_default() += count);
}

fn bump(counts: &mut BTreeMap<Name, u64>, name: &Name) {
    match counts.get_mut(name) {
        Some(count) => *count += 1,
        None => {
            counts.insert(name.clone(), 1);
        }
    }
}
