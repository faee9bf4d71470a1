//! Ways through the graph of a journey, and the places of its steps.

use std::collections::{BTreeMap, VecDeque};

use petgraph::graph::NodeIndex;

use crate::syntax::At;

/// The shortest way from one of the starts to a node that `ends` it; none when there is none.
pub(super) fn shortest(
    starts: impl IntoIterator<Item = NodeIndex>,
    ends: impl Fn(NodeIndex) -> bool,
    ways: impl Fn(NodeIndex) -> Vec<NodeIndex>,
) -> Option<Vec<NodeIndex>> {
    let mut open: VecDeque<NodeIndex> = starts.into_iter().collect();
    let mut from: BTreeMap<NodeIndex, Option<NodeIndex>> = open.iter().map(|start| (*start, None)).collect();
    while let Some(node) = open.pop_front() {
        if ends(node) {
            let before = |node: &NodeIndex| from.get(node).copied().flatten();
            let mut way: Vec<NodeIndex> = std::iter::successors(Some(node), before).collect();
            way.reverse();
            return Some(way);
        }
        for next in ways(node) {
            from.entry(next).or_insert_with(|| {
                open.push_back(next);
                Some(node)
            });
        }
    }
    None
}

/// Where a step stands. One with blocks is long: its first words are place enough.
pub(super) fn place(places: &[At], node: NodeIndex) -> At {
    let at = places.get(node.index()).copied().unwrap_or_default();
    At { end: at.end.min(at.start + 80), ..at }
}
