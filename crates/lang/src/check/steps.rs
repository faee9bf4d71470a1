//! Steps: each is checked and planned; what can never be reached is reported.

use graph::{Edge, Expr as G, Name, StepKind as K, Type, Value};

use super::{
    Plan, Planned, PlannedWay, Ty,
    expr::Check,
    narrow,
    scope::{Env, Scope},
};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{Block, Expr, Step, StepKind, Text, Way},
    },
};

/// Walks the steps of a journey.
pub(crate) struct Walk<'c, 'a> {
    pub(crate) env: &'c mut Env<'a>,
    pub(crate) scope: &'c mut Scope,
    /// The name and the type that `give` gives a value to.
    pub(crate) gives: Option<(Name, Ty)>,
}

/// Whether what follows is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    Continues,
    Leaves,
    /// By `give`: continues behind the call.
    Gives,
}

pub(super) fn planned(base: impl Into<String>, label: String, at: At, kind: K) -> Planned {
    let base = base.into();
    let numbered = matches!(base.as_str(), "wait" | "wait-for" | "if" | "split" | "exit");
    let next = PlannedWay { edge: Edge::Next, segment: String::new(), plan: None };
    Planned { base, numbered, label: label.into(), at, kind, ways: vec![next] }
}

pub(super) fn way(edge: Edge, segment: impl Into<String>, plan: Option<Plan>) -> PlannedWay {
    PlannedWay { edge, segment: segment.into(), plan }
}

/// The walk's environment and scope, lent to an expression checker.
macro_rules! lend {
    ($walk:expr) => {
        Check { env: &mut *$walk.env, scope: &mut *$walk.scope }
    };
}
pub(super) use lend;

impl Walk<'_, '_> {
    /// Checks a block; what it names is forgotten behind it.
    pub(crate) fn block(&mut self, block: &Block) -> (Plan, Flow) {
        let mark = self.scope.mark();
        let mut plan = Plan::default();
        let mut flow = Flow::Continues;
        let mut told = false;
        for step in &block.steps {
            if flow != Flow::Continues && !told {
                told = true;
                self.env.report(
                    Report::new(Code::UnreachableStep, step.at, "this step can never be reached")
                        .label("every way before it leaves")
                        .help("take it away, or move it before what leaves"),
                );
            }
            let (made, next) = self.step(step);
            plan.steps.push(made);
            if flow == Flow::Continues {
                flow = next;
            }
        }
        self.scope.reset(mark);
        (plan, flow)
    }

    fn step(&mut self, step: &Step) -> (Planned, Flow) {
        let at = step.at;
        match &step.kind {
            StepKind::Wait(moment) => {
                let made = lend!(self).moment(moment);
                self.scope.time_passes();
                (planned("wait", self.env.text(at), at, K::Wait(made)), Flow::Continues)
            }
            StepKind::WaitFor(wait) => self.wait_for(wait, at),
            StepKind::Call { call, bind, fallback, error } => {
                self.call(call, bind.as_ref(), fallback.as_ref(), error.as_ref(), at)
            }
            StepKind::Send { call, error } => self.send(call, error.as_ref(), at),
            StepKind::If { branches, otherwise } => self.branches(branches, otherwise.as_ref(), at),
            StepKind::Split { name, ways, holdout } => self.split(name, ways, *holdout, at),
            StepKind::Let { name, value } => {
                let (made, ty) = lend!(self).infer(value, None);
                let label = self.env.text(at);
                let kind = K::Let { name: name.text.clone(), value: made };
                self.scope.bind_variable(name, ty, self.env);
                (planned(format!("let-{}", name.text), label, at, kind), Flow::Continues)
            }
            StepKind::Give { value } => self.give(value, at),
            StepKind::Exit { reason } => {
                let reason =
                    reason.as_ref().map(|reason| lend!(self).expect(reason, &Type::Text, "the reason"));
                let mut made = planned("exit", self.env.text(at), at, K::Exit { reason });
                made.ways.clear();
                (made, Flow::Leaves)
            }
        }
    }

    fn give(&mut self, value: &Expr, at: At) -> (Planned, Flow) {
        let label = self.env.text(at);
        match self.gives.clone() {
            Some((name, ty)) => {
                let made = match ty {
                    Some(ty) => lend!(self).expect(value, &ty, "the value that stands in"),
                    None => lend!(self).infer(value, None).0,
                };
                let kind = K::Let { name: name.clone(), value: made };
                (planned(format!("give-{name}"), label, at, kind), Flow::Gives)
            }
            None => {
                self.env.report(
                    Report::new(Code::MissingAnswer, at, "there is nothing that could take this value")
                        .label("nobody asks")
                        .help("`give` stands in the `on error` block of `let x = call …`"),
                );
                let kind = K::Let { name: "given".into(), value: G::Literal(Value::Null) };
                (planned("give", label, at, kind), Flow::Gives)
            }
        }
    }

    fn branches(&mut self, branches: &[(Expr, Block)], otherwise: Option<&Block>, at: At) -> (Planned, Flow) {
        let mark = self.scope.mark();
        let (mut conditions, mut ways) = (Vec::new(), Vec::new());
        let mut flow = Flow::Leaves;
        let mut learnt = Vec::new();
        for (index, (condition, block)) in branches.iter().enumerate() {
            conditions.push(lend!(self).condition(condition));
            let inner = self.scope.mark();
            self.scope.learn(narrow::facts(condition, true));
            let (plan, next) = self.block(block);
            self.scope.reset(inner);
            let missed = narrow::facts(condition, false);
            if next == Flow::Continues {
                flow = Flow::Continues;
                learnt.clear();
            } else {
                learnt.extend(missed.clone());
            }
            self.scope.learn(missed);
            let segment = if index == 0 { "then".to_owned() } else { format!("then-{}", index + 1) };
            let label = self.env.text(condition.at).into();
            ways.push(way(Edge::Case { index, label }, segment, Some(plan)));
        }
        let label = branches.first().map(|(condition, _)| self.env.text(condition.at)).unwrap_or_default();
        match otherwise {
            Some(block) => {
                let (plan, next) = self.block(block);
                if next == Flow::Continues {
                    flow = Flow::Continues;
                    learnt.clear();
                }
                ways.push(way(Edge::Otherwise, "else", Some(plan)));
            }
            None => {
                flow = Flow::Continues;
                ways.push(way(Edge::Otherwise, "else", None));
            }
        }
        self.scope.reset(mark);
        // Behind `if x == null { exit }`, x is there.
        if otherwise.is_none() && branches.len() == 1 {
            self.scope.learn(learnt);
        }
        let mut made = planned("if", format!("if {label}"), at, K::If { conditions });
        made.ways = ways;
        (made, flow)
    }

    fn split(&mut self, name: &Text, ways: &[Way], holdout: Option<At>, at: At) -> (Planned, Flow) {
        let fixed = lend!(self).fixed(name).unwrap_or_default();
        let sum: u32 = ways.iter().map(|way| way.share).sum();
        let percent = |share: u32| {
            let (whole, rest) = (share / 100, share % 100);
            if rest == 0 { format!("{whole}%") } else { format!("{whole}.{rest:02}%").replace("0%", "%") }
        };
        let problem = match (sum, holdout) {
            _ if ways.is_empty() => {
                Some(("this split has no ways".to_owned(), "write `50% \"name\" { … }` for each way"))
            }
            (10_001.., _) => {
                Some((format!("the shares are {} together", percent(sum)), "together they are at most 100%"))
            }
            (10_000, Some(_)) => Some((
                "nothing is left for the holdout".into(),
                "take `holdout` away, or give the ways less than 100%",
            )),
            (0..10_000, None) => Some((
                format!("the shares are only {} together", percent(sum)),
                "add `holdout` for those who go on without any of the ways, or make the shares 100%",
            )),
            _ => None,
        };
        if let Some((message, help)) = problem {
            self.env.report(Report::new(Code::BadSplit, name.at, message).label("this split").help(help));
        }
        let mut shares = Vec::new();
        let mut made_ways = Vec::new();
        let mut flow = Flow::Leaves;
        for (index, one) in ways.iter().enumerate() {
            let (plan, next) = self.block(&one.block);
            if next == Flow::Continues {
                flow = Flow::Continues;
            }
            if let Some(label) = &one.label {
                lend!(self).fixed(label);
            }
            shares.push(one.share);
            let label = self.env.text(one.at).into();
            made_ways.push(way(Edge::Case { index, label }, format!("case-{}", index + 1), Some(plan)));
        }
        if holdout.is_some() {
            flow = Flow::Continues;
            shares.push(10_000_u32.saturating_sub(sum));
            let edge = Edge::Case { index: ways.len(), label: "holdout".into() };
            made_ways.push(way(edge, "holdout", None));
        }
        let label = format!("split {}", self.env.text(name.at));
        let mut made = planned("split", label, at, K::Split { name: fixed, shares });
        made.ways = made_ways;
        (made, flow)
    }
}
