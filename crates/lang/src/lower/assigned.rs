//! Definite assignment: whichever way somebody comes to a step, every name that it needs has its value.
//!
//! Without jumps the scopes of blocks see to that; so only journeys with a `goto` are looked at. A name has its value at
//! a step if what gives it one lies on every way there (it dominates the step): that is, if the step cannot be reached
//! without coming by there.

use std::collections::{BTreeMap, BTreeSet};

use graph::{Edge, Name, Step, StepKind, Way};
use petgraph::{
    graph::{DiGraph, EdgeReference, NodeIndex},
    visit::EdgeRef,
};

use super::{
    free,
    steps::Lowered,
    ways::{place, shortest},
};
use crate::diagnostic::{Code, Report};

/// Reports every name that some step needs and that has no value on some way there; once for each name.
pub(super) fn missing(lowered: &Lowered) -> Vec<Report> {
    let graph = &lowered.graph;
    if !graph.node_weights().any(|step| matches!(step.kind, StepKind::Goto)) {
        return Vec::new();
    }
    let mut needed: BTreeMap<Name, BTreeSet<NodeIndex>> = BTreeMap::new();
    for node in graph.node_indices() {
        if let Some(step) = graph.node_weight(node) {
            free::needed(&step.kind, &mut |name| {
                needed.entry(name.clone()).or_default().insert(node);
            });
        }
    }
    let reports = needed.iter().filter_map(|(name, nodes)| {
        let gives = graph.edge_references().find(|edge| gives(graph, *edge) == Some(name))?.source();
        let path = way_without(name, nodes, lowered)?;
        Some(report(name, &path, gives, lowered))
    });
    reports.collect()
}

/// The name that gets its value on a way out of a step.
fn gives<'g>(graph: &'g DiGraph<Step, Edge>, edge: EdgeReference<'g, Edge>) -> Option<&'g Name> {
    let way = edge.weight();
    match &graph.node_weight(edge.source())?.kind {
        StepKind::Let { name, .. } => Some(name),
        StepKind::Call { error, .. } | StepKind::Send { error, .. } if way.is(Way::Error) => error.as_ref(),
        StepKind::Call { bind, .. } | StepKind::Start { bind, .. } => bind.as_ref(),
        StepKind::Repeat { round, .. } => round.as_ref().filter(|_| way.is(Way::Case(0))),
        StepKind::WaitFor { arms, .. } => match way {
            Edge::Case { index, .. } => arms.get(*index).filter(|arm| arm.binds).map(|arm| &arm.on.alias),
            _ => None,
        },
        _ => None,
    }
}

/// The shortest way to a step that needs a name, without anything on it that gives it a value.
fn way_without(name: &Name, needed: &BTreeSet<NodeIndex>, lowered: &Lowered) -> Option<Vec<NodeIndex>> {
    // The blocks of `on failure` and `on exit` begin with a name of their own.
    let handlers = [&lowered.failure, &lowered.farewell].into_iter().flatten();
    let handlers = handlers.filter(|(_, alias)| alias.as_ref() != Some(name)).map(|(start, _)| *start);
    let starts = [lowered.start].into_iter().chain(handlers);
    let graph = &lowered.graph;
    let ways = |node| graph.edges(node).filter(|edge| gives(graph, *edge) != Some(name));
    shortest(starts, |node| needed.contains(&node), |node| ways(node).map(|edge| edge.target()).collect())
}

fn report(name: &Name, path: &[NodeIndex], gives: NodeIndex, lowered: &Lowered) -> Report {
    let place = |node| place(&lowered.places, node);
    let is_jump = |node: &&NodeIndex| {
        lowered.graph.node_weight(**node).is_some_and(|step| matches!(step.kind, StepKind::Goto))
    };
    let needs = path.last().copied().unwrap_or(lowered.start);
    let jump = path.iter().rev().find(is_jump).copied().unwrap_or(needs);
    let needed = lowered.graph.node_weight(needs).map_or("…", |step| &*step.label);
    Report::new(
        Code::MissingValue,
        place(jump),
        format!("coming from here, `{name}` would have no value at `{needed}`"),
    )
    .label("jumps over what gives it one")
    .related(place(gives), "gets its value here")
    .related(place(needs), "needs it")
    .help("move the label before it, or the jump behind it")
}
