//! Steps become nodes, ways become edges; names come from the structure and survive edits elsewhere in the file.

use std::collections::{BTreeMap, HashMap};

use graph::{Edge, Name, Span, Step, StepKind};
use petgraph::graph::{DiGraph, NodeIndex};

use crate::check::{Checked, Plan};

/// The graph of a journey.
pub(super) struct Lowered {
    pub(super) graph: DiGraph<Step, Edge>,
    pub(super) start: NodeIndex,
    pub(super) failure: Option<(NodeIndex, Option<Name>)>,
    pub(super) steps: BTreeMap<Name, NodeIndex>,
}

/// A block whose steps are nodes already: each with the blocks on its ways.
type Placed = Vec<(NodeIndex, Vec<Option<Placed1>>)>;
struct Placed1(Placed);

/// Builds the graph of a checked journey.
pub(super) fn lower(checked: &Checked) -> Lowered {
    let mut builder = Builder { graph: DiGraph::new(), steps: BTreeMap::new(), shift: checked.shift };
    let main = builder.place(&checked.steps, "");
    let failure = checked.failure.as_ref().map(|(_, plan)| builder.place(plan, "failure."));
    let end = builder.node("end".into(), "end".into(), Span::default(), StepKind::Exit { reason: None });
    if let Some(step) = builder.graph.node_weight_mut(end) {
        let bottom = checked.source.len();
        step.span = Span { start: bottom.saturating_sub(1), end: bottom };
    }
    let start = builder.connect(&checked.steps, &main, end);
    let failure = checked
        .failure
        .as_ref()
        .zip(failure)
        .map(|((alias, plan), placed)| (builder.connect(plan, &placed, end), alias.clone()));
    Lowered { graph: builder.graph, start, failure, steps: builder.steps }
}

struct Builder {
    graph: DiGraph<Step, Edge>,
    steps: BTreeMap<Name, NodeIndex>,
    shift: i64,
}

impl Builder {
    fn node(&mut self, name: Name, label: Name, span: Span, kind: StepKind) -> NodeIndex {
        let index = self.graph.add_node(Step { name: name.clone(), label, span, kind });
        self.steps.insert(name, index);
        index
    }

    /// Makes nodes of a block's steps, in the order of the file.
    fn place(&mut self, plan: &Plan, prefix: &str) -> Placed {
        let mut counts: HashMap<&str, usize> = HashMap::new();
        let mut placed = Vec::with_capacity(plan.steps.len());
        for step in &plan.steps {
            let count = counts.entry(&step.base).or_default();
            *count += 1;
            let own = if step.numbered || *count > 1 {
                format!("{prefix}{}-{count}", step.base)
            } else {
                format!("{prefix}{}", step.base)
            };
            let span = Span { start: self.shifted(step.at.start), end: self.shifted(step.at.end) };
            let index = self.node(own.as_str().into(), step.label.clone(), span, step.kind.clone());
            let inside = step.ways.iter().map(|way| {
                way.plan.as_ref().map(|plan| Placed1(self.place(plan, &format!("{own}.{}.", way.segment))))
            });
            let inside = inside.collect();
            placed.push((index, inside));
        }
        placed
    }

    fn shifted(&self, byte: u32) -> usize {
        usize::try_from(i64::from(byte) + self.shift).unwrap_or_default()
    }

    /// Draws the edges of a block whose last step leads to `follow`; gives its first step.
    fn connect(&mut self, plan: &Plan, placed: &Placed, follow: NodeIndex) -> NodeIndex {
        let mut next = follow;
        for (step, (index, inside)) in plan.steps.iter().zip(placed).rev() {
            for (way, inside) in step.ways.iter().zip(inside).rev() {
                let target = match (&way.plan, inside) {
                    (Some(plan), Some(inside)) => self.connect(plan, &inside.0, next),
                    _ => next,
                };
                self.graph.add_edge(*index, target, way.edge.clone());
            }
            next = *index;
        }
        next
    }
}
