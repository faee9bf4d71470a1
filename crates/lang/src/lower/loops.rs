//! Loops that never wait: whoever got into one would go round for ever.

use std::collections::BTreeSet;

use graph::{Edge, Step, StepKind, Way};
use petgraph::{
    algo::kosaraju_scc,
    graph::{DiGraph, EdgeReference, NodeIndex},
    visit::{EdgeFiltered, EdgeRef, NodeFiltered},
};

use super::ways::{place, shortest};
use crate::{
    diagnostic::{Code, Report},
    syntax::At,
};

/// How many steps of a loop are drawn.
const DRAWN: usize = 8;

/// Reports every loop of a graph that has no wait in it, once each.
///
/// A `repeat` is bounded by its count, so a loop around it need not care how many rounds it takes; but in each round it
/// must wait, or come by another `repeat`, which waits in its own rounds.
pub(super) fn endless(graph: &DiGraph<Step, Edge>, places: &[At]) -> Vec<Report> {
    let kind = |node: NodeIndex| graph.node_weight(node).map(|step| &step.kind);
    let waits = |node: NodeIndex| matches!(kind(node), Some(StepKind::Wait(_) | StepKind::WaitFor { .. }));
    let repeats = |node: NodeIndex| matches!(kind(node), Some(StepKind::Repeat { .. }));
    let is_round = |edge: EdgeReference<'_, Edge>| repeats(edge.source()) && edge.weight().is(Way::Case(0));
    let without_rounds = EdgeFiltered::from_fn(graph, |edge| !is_round(edge));
    let restless = NodeFiltered::from_fn(&without_rounds, |node| !waits(node));
    let mut loops: Vec<Vec<NodeIndex>> = Vec::new();
    // `kosaraju_scc` does not recurse: a journey may have any number of steps.
    for nodes in kosaraju_scc(&restless) {
        let Some(first) = nodes.iter().min() else { continue };
        let inside: BTreeSet<NodeIndex> = nodes.iter().copied().collect();
        let ways = |node| graph.edges(node).filter(|edge| !is_round(*edge)).map(|edge| edge.target());
        loops.extend(way_round(*first, |node| ways(node).filter(|next| inside.contains(next)).collect()));
    }
    for node in graph.node_indices().filter(|node| repeats(*node)) {
        let goes_on = |next: &NodeIndex| *next == node || !(waits(*next) || repeats(*next));
        loops.extend(way_round(node, |from| {
            let rounds = graph.edges(from).filter(|edge| from != node || is_round(*edge));
            rounds.map(|edge| edge.target()).filter(goes_on).collect()
        }));
    }
    let mut reports: Vec<Report> = loops.iter().map(|path| report(graph, places, path)).collect();
    reports.sort_by_key(|report| report.at);
    reports
}

/// The shortest way from a node back to it, without the return; none when there is none.
fn way_round(first: NodeIndex, ways: impl Fn(NodeIndex) -> Vec<NodeIndex>) -> Option<Vec<NodeIndex>> {
    shortest([first], |node| ways(node).contains(&first), &ways)
}

fn report(graph: &DiGraph<Step, Edge>, places: &[At], path: &[NodeIndex]) -> Report {
    let label = |node: &NodeIndex| graph.node_weight(*node).map_or("…", |step| &*step.label);
    let mut drawn: Vec<String> = path.iter().take(DRAWN).map(|node| format!("`{}`", label(node))).collect();
    if path.len() > DRAWN {
        drawn.push("…".into());
    }
    drawn.extend(path.first().map(|node| format!("`{}`", label(node))));
    let at = path.first().map(|node| place(places, *node)).unwrap_or_default();
    Report::new(Code::EndlessLoop, at, "this loop never waits")
        .label("comes back here at once")
        .help(format!("put a wait into it: {}", drawn.join(" → ")))
}
