//! `label` and `goto`: where a jump leads.

use std::collections::{BTreeMap, BTreeSet};

use graph::{Edge, Name, StepKind as K};

use super::{
    Leads, Planned, PlannedWay,
    scope::Env,
    steps::{Flow, Walk, planned},
};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{Block, Ident, Step, StepKind},
    },
};

/// The labels and the jumps of one sequence of steps with all its blocks.
#[derive(Default)]
pub(crate) struct Jumps {
    /// What some `goto` names.
    targets: BTreeSet<Name>,
    /// Where each label stands.
    labels: BTreeMap<Name, At>,
    /// Where each `goto` leads.
    gotos: Vec<Ident>,
}

impl Jumps {
    /// The jumps that a block will have.
    pub(crate) fn of(block: &Block) -> Jumps {
        let mut jumps = Jumps::default();
        let mut open: Vec<&Step> = block.steps.iter().collect();
        while let Some(step) = open.pop() {
            if let StepKind::Goto(label) = &step.kind {
                jumps.targets.insert(label.text.clone());
            }
            open.extend(blocks(&step.kind).into_iter().flat_map(|block| &block.steps));
        }
        jumps
    }

    pub(crate) fn is_target(&self, label: &str) -> bool {
        self.targets.contains(label)
    }

    /// Every jump leads to a label. Whether every name has its value there is seen in the graph.
    pub(crate) fn settle(self, env: &mut Env<'_>) {
        for goto in &self.gotos {
            if !self.labels.contains_key(&goto.text) {
                env.report(
                    Report::new(Code::UnknownLabel, goto.at, format!("there is no label `{}`", goto.text))
                        .label("leads nowhere")
                        .help(format!("write `label {}` where it shall lead to", goto.text))
                        .did_you_mean(goto.at, &goto.text, self.labels.keys().map(|name| &**name)),
                );
            }
        }
    }
}

/// The blocks inside a step.
pub(crate) fn blocks(step: &StepKind) -> Vec<&Block> {
    match step {
        StepKind::If { branches, otherwise } => {
            branches.iter().map(|(_, block)| block).chain(otherwise).collect()
        }
        StepKind::Match { cases, otherwise, .. } => {
            let otherwise = otherwise.iter().map(|(_, block)| block);
            cases.iter().map(|case| &case.block).chain(otherwise).collect()
        }
        StepKind::Repeat { body, .. } => vec![body],
        StepKind::Split { ways, .. } => ways.iter().map(|way| &way.block).collect(),
        StepKind::WaitFor(wait) => {
            let timeout = wait.timeout.iter().filter_map(|(_, block)| block.as_ref());
            wait.arms.iter().filter_map(|arm| arm.then.as_ref()).chain(timeout).collect()
        }
        StepKind::Limit { within, otherwise, .. } => [within].into_iter().chain(otherwise).collect(),
        StepKind::Call { error, .. } | StepKind::Send { error, .. } => {
            error.iter().map(|error| &error.block).collect()
        }
        StepKind::Wait(_)
        | StepKind::Let { .. }
        | StepKind::Give { .. }
        | StepKind::Set { .. }
        | StepKind::Emit { .. }
        | StepKind::Start(_)
        | StepKind::Stop { .. }
        | StepKind::Label(_)
        | StepKind::Goto(_)
        | StepKind::Exit { .. } => Vec::new(),
    }
}

impl Walk<'_, '_> {
    pub(super) fn label(&mut self, name: &Ident, at: At) -> (Planned, Flow) {
        self.scope.forget();
        match self.jumps.labels.get(&name.text) {
            Some(before) => self.env.report(
                Report::new(Code::DuplicateName, name.at, format!("there are two labels `{}`", name.text))
                    .label("the second")
                    .related(*before, "the first"),
            ),
            None => {
                self.jumps.labels.insert(name.text.clone(), name.at);
            }
        }
        let made = planned(format!("label-{}", name.text), self.env.text(at), at, K::Label);
        (made, Flow::Continues)
    }

    pub(super) fn goto(&mut self, name: &Ident, at: At) -> (Planned, Flow) {
        self.jumps.gotos.push(name.clone());
        let mut made = planned(format!("goto-{}", name.text), self.env.text(at), at, K::Goto);
        let leads = Leads::To(name.text.clone());
        made.ways = vec![PlannedWay { edge: Edge::Next, segment: String::new(), plan: None, leads }];
        (made, Flow::Leaves)
    }
}
