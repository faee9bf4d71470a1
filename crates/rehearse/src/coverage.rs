//! Which steps were visited and which ways were taken.

use std::collections::BTreeSet;

use engine::{Happening, Output};
use graph::{Journey, Name, Project};
use petgraph::{Direction, graph::NodeIndex};

/// Steps that were visited and ways that were taken, by journey.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    steps: BTreeSet<(Name, Name)>,
    ways: BTreeSet<(Name, Name, Name)>,
}

/// How much of a journey was covered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Covered {
    /// The journey.
    pub journey: Name,
    /// How many steps it has.
    pub steps: usize,
    /// How many ways its branching steps have.
    pub ways: usize,
    /// The steps that nobody visited.
    pub missed_steps: Vec<Name>,
    /// The ways that nobody took: the step and what the way says.
    pub missed_ways: Vec<(Name, Name)>,
}

impl Coverage {
    /// Counts what a turn visited.
    pub fn see(&mut self, journey: &Journey, output: &Output) {
        let mut visit = |step: &Name| {
            self.steps.insert((journey.name.clone(), step.clone()));
        };
        visit(&output.instance.step);
        for happening in &output.happenings {
            match happening {
                Happening::Passed { step, way } => {
                    visit(step);
                    let way = way.clone().unwrap_or_default();
                    self.ways.insert((journey.name.clone(), step.clone(), way));
                }
                Happening::Waits { step, .. }
                | Happening::HeldBack { step, .. }
                | Happening::CallBegun { step, .. }
                | Happening::CallEnded { step, .. }
                | Happening::Set { step, .. }
                | Happening::Failed { step, .. } => visit(step),
                Happening::Entered { .. }
                | Happening::Consumed { .. }
                | Happening::Undecided { .. }
                | Happening::Queued
                | Happening::Begun
                | Happening::Joined
                | Happening::Left
                | Happening::Reached { .. }
                | Happening::Emitted { .. }
                | Happening::Stops { .. }
                | Happening::Leaves { .. }
                | Happening::Operated { .. }
                | Happening::Ended { .. } => {}
            }
        }
    }

    /// Adds what others covered.
    pub fn add(&mut self, other: Coverage) {
        self.steps.extend(other.steps);
        self.ways.extend(other.ways);
    }

    /// What was covered of every journey of a project.
    pub fn of(&self, project: &Project) -> Vec<Covered> {
        project.journeys.values().map(|journey| self.covered(journey)).collect()
    }

    fn covered(&self, journey: &Journey) -> Covered {
        let mut made = Covered {
            journey: journey.name.clone(),
            steps: 0,
            ways: 0,
            missed_steps: Vec::new(),
            missed_ways: Vec::new(),
        };
        for node in journey.graph.node_indices().filter(|node| is_reached(journey, *node)) {
            let Some(step) = journey.step(node) else { continue };
            made.steps += 1;
            if !self.steps.contains(&(journey.name.clone(), step.name.clone())) {
                made.missed_steps.push(step.name.clone());
            }
            // Two ways that say the same count as one: nothing tells them apart in a history either.
            let ways: BTreeSet<Name> =
                journey.graph.edges(node).map(|edge| Name::from(edge.weight().label())).collect();
            if ways.len() < 2 {
                continue;
            }
            made.ways += ways.len();
            made.missed_ways.extend(
                ways.into_iter()
                    .filter(|way| {
                        !self.ways.contains(&(journey.name.clone(), step.name.clone(), way.clone()))
                    })
                    .map(|way| (step.name.clone(), way)),
            );
        }
        made
    }
}

/// Whether anything leads to a step: where every way exits, nothing leads to the end.
fn is_reached(journey: &Journey, node: NodeIndex) -> bool {
    node == journey.start
        || [&journey.on_failure, &journey.on_exit].into_iter().flatten().any(|(block, _)| *block == node)
        || journey.graph.neighbors_directed(node, Direction::Incoming).next().is_some()
}
