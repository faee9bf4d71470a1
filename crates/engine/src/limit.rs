//! Limits: how many people may come through a place of a journey.

use std::collections::BTreeMap;

use graph::{Name, Way};
use petgraph::graph::NodeIndex;

use crate::walk::Walk;

/// Who has come through a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// How many people, over all versions of the journey.
    pub people: u32,
    /// Whether this person is one of them.
    pub own: bool,
}

/// Who has come through the limits of a journey, by their names.
pub type Limits = BTreeMap<Name, Taken>;

/// Nobody has come through anything.
pub(crate) static NOBODY: Limits = Limits::new();

/// That a person comes through a limit for the first time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// The limit.
    pub limit: Name,
    /// How many people may come through it.
    pub most: u32,
}

impl Walk<'_> {
    /// Lets the person through a limit, or around it. Whoever came through once is not counted again.
    pub(crate) fn limit(&mut self, node: NodeIndex, limit: &Name, most: u32) -> Option<NodeIndex> {
        let taken = self.context.limits.get(limit).copied().unwrap_or_default();
        if taken.own || self.passages.iter().any(|passage| passage.limit == *limit) {
            return self.pass(node, Way::Case(0));
        }
        if taken.people >= most {
            return self.pass(node, Way::Otherwise);
        }
        self.passages.push(Passage { limit: limit.clone(), most });
        self.pass(node, Way::Case(0))
    }
}
