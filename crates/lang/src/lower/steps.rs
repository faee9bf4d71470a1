//! Steps become nodes, ways become edges; names come from the structure and survive edits elsewhere in the file.

use std::collections::{BTreeMap, HashMap};

use graph::{Edge, Name, Span, Step, StepKind};
use petgraph::graph::{DiGraph, NodeIndex};

use crate::{
    check::{Checked, Leads, Plan},
    syntax::At,
};

/// The graph of a journey.
pub(super) struct Lowered {
    pub(super) graph: DiGraph<Step, Edge>,
    pub(super) start: NodeIndex,
    pub(super) failure: Option<(NodeIndex, Option<Name>)>,
    pub(super) farewell: Option<(NodeIndex, Option<Name>)>,
    pub(super) steps: BTreeMap<Name, NodeIndex>,
    /// Where each node stands, in the order of the nodes; the end stands nowhere.
    pub(super) places: Vec<At>,
}

/// A block whose steps are nodes already: each with the blocks on its ways.
type Placed = Vec<(NodeIndex, Vec<Option<Placed1>>)>;
struct Placed1(Placed);

/// Builds the graph of a checked journey.
pub(super) fn lower(checked: &Checked) -> Lowered {
    let mut builder = Builder {
        graph: DiGraph::new(),
        steps: BTreeMap::new(),
        places: Vec::new(),
        labels: BTreeMap::new(),
        shift: checked.shift,
    };
    let main = builder.sequence(&checked.steps, "");
    let failure = checked.failure.as_ref().map(|(_, plan)| builder.sequence(plan, "failure."));
    let farewell = checked.farewell.as_ref().map(|(_, plan)| builder.sequence(plan, "leaving."));
    let end = builder.node("end".into(), "end".into(), Span::default(), StepKind::Exit { reason: None });
    if let Some(step) = builder.graph.node_weight_mut(end) {
        let bottom = checked.source.len();
        step.span = Span { start: bottom.saturating_sub(1), end: bottom };
    }
    let start = builder.connect_sequence(&checked.steps, &main, end);
    let mut handler = |block: &Option<(Option<Name>, Plan)>, placed: Option<Sequence>| {
        let ((alias, plan), placed) = block.as_ref().zip(placed)?;
        Some((builder.connect_sequence(plan, &placed, end), alias.clone()))
    };
    let failure = handler(&checked.failure, failure);
    let farewell = handler(&checked.farewell, farewell);
    let Builder { graph, steps, places, .. } = builder;
    Lowered { graph, start, failure, farewell, steps, places }
}

/// A sequence whose steps are nodes already, and its labels.
struct Sequence {
    placed: Placed,
    labels: BTreeMap<Name, NodeIndex>,
}

struct Builder {
    graph: DiGraph<Step, Edge>,
    steps: BTreeMap<Name, NodeIndex>,
    places: Vec<At>,
    /// The labels of the sequence under way, by the bases of their steps.
    labels: BTreeMap<Name, NodeIndex>,
    shift: i64,
}

impl Builder {
    fn node(&mut self, name: Name, label: Name, span: Span, kind: StepKind) -> NodeIndex {
        let index = self.graph.add_node(Step { name: name.clone(), label, span, kind });
        self.steps.insert(name, index);
        index
    }

    fn sequence(&mut self, plan: &Plan, prefix: &str) -> Sequence {
        let placed = self.place(plan, prefix);
        Sequence { placed, labels: std::mem::take(&mut self.labels) }
    }

    fn connect_sequence(&mut self, plan: &Plan, sequence: &Sequence, follow: NodeIndex) -> NodeIndex {
        self.labels.clone_from(&sequence.labels);
        self.connect(plan, &sequence.placed, follow)
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
            self.places.push(step.at);
            if let (StepKind::Label, Some(name)) = (&step.kind, step.base.strip_prefix("label-")) {
                self.labels.insert(name.into(), index);
            }
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
                let behind = match &way.leads {
                    Leads::On => next,
                    Leads::Back => *index,
                    Leads::To(label) => self.labels.get(label).copied().unwrap_or(next),
                };
                let target = match (&way.plan, inside) {
                    (Some(plan), Some(inside)) => self.connect(plan, &inside.0, behind),
                    _ => behind,
                };
                self.graph.add_edge(*index, target, way.edge.clone());
            }
            next = *index;
        }
        next
    }
}
