//! `label` and `goto`: where a jump leads, and that every name has a value there.

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
    /// Where each label stands, and the names that are bound there.
    labels: BTreeMap<Name, (At, Vec<(Name, At)>)>,
    /// Each `goto`, and the names that are bound there.
    gotos: Vec<(Ident, Vec<(Name, At)>)>,
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

    /// Every jump leads to a label at which each name that is bound has its value already.
    pub(crate) fn settle(self, env: &mut Env<'_>) {
        for (goto, bound) in &self.gotos {
            let Some((label, wanted)) = self.labels.get(&goto.text) else {
                env.report(
                    Report::new(Code::UnknownLabel, goto.at, format!("there is no label `{}`", goto.text))
                        .label("leads nowhere")
                        .help(format!("write `label {}` where it shall lead to", goto.text))
                        .did_you_mean(goto.at, &goto.text, self.labels.keys().map(|name| &**name)),
                );
                continue;
            };
            if let Some((name, at)) = wanted.iter().find(|one| !bound.contains(one)) {
                env.report(
                    Report::new(
                        Code::MissingValue,
                        goto.at,
                        format!("coming from here, `{name}` would have no value at `label {}`", goto.text),
                    )
                    .label("jumps over it")
                    .related(*at, "gets its value here")
                    .related(*label, "may be used from here on")
                    .help("move the label before it, or the jump behind it"),
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
            Some((before, _)) => self.env.report(
                Report::new(Code::DuplicateName, name.at, format!("there are two labels `{}`", name.text))
                    .label("the second")
                    .related(*before, "the first"),
            ),
            None => {
                self.jumps.labels.insert(name.text.clone(), (name.at, self.scope.bound()));
            }
        }
        let made = planned(format!("label-{}", name.text), self.env.text(at), at, K::Label);
        (made, Flow::Continues)
    }

    pub(super) fn goto(&mut self, name: &Ident, at: At) -> (Planned, Flow) {
        self.jumps.gotos.push((name.clone(), self.scope.bound()));
        let mut made = planned(format!("goto-{}", name.text), self.env.text(at), at, K::Goto);
        let leads = Leads::To(name.text.clone());
        made.ways = vec![PlannedWay { edge: Edge::Next, segment: String::new(), plan: None, leads }];
        (made, Flow::Leaves)
    }
}
