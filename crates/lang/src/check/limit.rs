//! `limit "name" to 1000 people { … } else { … }`

use graph::{Edge, StepKind as K};

use super::{
    Planned,
    steps::{Flow, Walk, lend, planned, way},
};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{Block, Text},
    },
};

impl Walk<'_, '_> {
    pub(super) fn limit(
        &mut self,
        name: &Text,
        (number, most): (At, u32),
        within: &Block,
        otherwise: Option<&Block>,
        at: At,
    ) -> (Planned, Flow) {
        let fixed = lend!(self).fixed(name).unwrap_or_default();
        if most == 0 {
            self.env.report(
                Report::new(Code::BadSetting, number, "this limit lets nobody through")
                    .label("at least 1")
                    .help("leave the step out, if nobody shall take its block"),
            );
        }
        if let Some(before) = self.scope.limits.insert(fixed.clone(), name.at) {
            self.env.report(
                Report::new(Code::DuplicateName, name.at, format!("there are two limits \"{fixed}\""))
                    .label("the second")
                    .related(before, "the first")
                    .help("give each a name of its own: people are counted under it"),
            );
        }
        let (plan, mut flow) = self.block(within);
        let index = Edge::Case { index: 0, label: format!("among {most}").into() };
        let mut ways = vec![way(index, "then", Some(plan))];
        let plan = otherwise.map(|block| self.block(block));
        if plan.as_ref().is_none_or(|(_, next)| *next == Flow::Continues) {
            flow = Flow::Continues;
        }
        ways.push(way(Edge::Otherwise, "else", plan.map(|(plan, _)| plan)));
        let label = format!("limit {} to {most} people", self.env.text(name.at));
        let mut made = planned("limit", label, at, K::Limit { name: fixed, most });
        made.ways = ways;
        (made, flow)
    }
}
