//! Steps: each is checked and planned; what can never be reached is reported.

use graph::{Edge, Expr as G, Name, StepKind as K, Type, Value};

use super::{
    Leads, Plan, Planned, PlannedWay, Ty,
    expr::Check,
    jumps::Jumps,
    scope::{Env, Scope, hover_of},
};
use crate::{
    diagnostic::{Code, Report},
    editor::Thing,
    syntax::{
        At,
        ast::{Block, Expr, Ident, Moment, Step, StepKind},
    },
};

/// Walks the steps of a journey.
pub(crate) struct Walk<'c, 'a> {
    pub(crate) env: &'c mut Env<'a>,
    pub(crate) scope: &'c mut Scope,
    /// The name and the type that `give` gives a value to.
    pub(crate) gives: Option<(Name, Ty)>,
    pub(crate) jumps: Jumps,
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
    let numbered =
        matches!(base.as_str(), "wait" | "wait-for" | "if" | "match" | "repeat" | "split" | "limit" | "exit");
    let next = PlannedWay { edge: Edge::Next, segment: String::new(), plan: None, leads: Leads::On };
    Planned { base, numbered, label: label.into(), at, kind, ways: vec![next] }
}

pub(super) fn way(edge: Edge, segment: impl Into<String>, plan: Option<Plan>) -> PlannedWay {
    PlannedWay { edge, segment: segment.into(), plan, leads: Leads::On }
}

/// The walk's environment and scope, lent to an expression checker.
macro_rules! lend {
    ($walk:expr) => {
        $crate::check::expr::Check { env: &mut *$walk.env, scope: &mut *$walk.scope }
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
            if let StepKind::Label(label) = &step.kind
                && self.jumps.is_target(&label.text)
            {
                flow = Flow::Continues;
            }
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

    /// Only tells the kinds apart, so that its frame is small: blocks in blocks come by here again and again.
    fn step(&mut self, step: &Step) -> (Planned, Flow) {
        let at = step.at;
        match &step.kind {
            StepKind::Wait(moment) => self.wait(moment, at),
            StepKind::WaitFor(wait) => self.wait_for(wait, at),
            StepKind::Call { call, bind, fallback, error } => {
                self.call(call, bind.as_ref(), fallback.as_ref(), error.as_ref(), at)
            }
            StepKind::Send { call, error } => self.send(call, error.as_ref(), at),
            StepKind::If { branches, otherwise } => self.branches(branches, otherwise.as_ref(), at),
            StepKind::Match { value, cases, otherwise } => self.cases(value, cases, otherwise.as_ref(), at),
            StepKind::Repeat { times, round, until, body } => {
                self.repeat(times, round.as_ref(), until.as_ref(), body, at)
            }
            StepKind::Split { name, ways, holdout } => self.split(name, ways, *holdout, at),
            StepKind::Limit { name, most, within, otherwise } => {
                self.limit(name, *most, within, otherwise.as_ref(), at)
            }
            StepKind::Set { field, value } => self.set(field, value, at),
            StepKind::Emit { event, properties } => self.emit(event, properties.as_ref(), at),
            StepKind::Start(start) => self.start(start, at),
            StepKind::Stop { journey, key } => self.stop(journey, key.as_ref(), at),
            StepKind::Label(name) => self.label(name, at),
            StepKind::Goto(name) => self.goto(name, at),
            StepKind::Let { name, value } => self.name_value(name, value, at),
            StepKind::Give { value } => self.give(value, at),
            StepKind::Exit { reason } => self.exit(reason.as_ref(), at),
        }
    }

    fn wait(&mut self, moment: &Moment, at: At) -> (Planned, Flow) {
        let made = lend!(self).moment(moment);
        self.scope.time_passes();
        (planned("wait", self.env.text(at), at, K::Wait(made)), Flow::Continues)
    }

    fn name_value(&mut self, name: &Ident, value: &Expr, at: At) -> (Planned, Flow) {
        let (made, ty) = lend!(self).infer(value, None);
        let kind = K::Let { name: name.text.clone(), value: made };
        self.scope.bind_variable(name, ty, self.env);
        (planned(format!("let-{}", name.text), self.env.text(at), at, kind), Flow::Continues)
    }

    fn exit(&mut self, reason: Option<&Expr>, at: At) -> (Planned, Flow) {
        let reason = reason.map(|reason| lend!(self).expect(reason, &Type::Text, "the reason"));
        let mut made = planned("exit", self.env.text(at), at, K::Exit { reason });
        made.ways.clear();
        (made, Flow::Leaves)
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

    fn set(&mut self, field: &Ident, value: &Expr, at: At) -> (Planned, Flow) {
        let value = lend!(self).attribute(field, value).unwrap_or(G::Literal(Value::Null));
        self.scope.time_passes();
        let kind = K::Set { field: field.text.clone(), value };
        (planned(format!("set-{}", field.text), self.env.text(at), at, kind), Flow::Continues)
    }
}

impl Check<'_, '_> {
    /// A new value for an attribute of the profile, which is not its key.
    pub(crate) fn attribute(&mut self, field: &Ident, value: &Expr) -> Option<G> {
        let profile = self.env.profile.clone()?;
        let Some(declared) = profile.field(&field.text) else {
            let known = profile.fields.iter().map(|field| &*field.name);
            let report =
                Report::new(Code::UnknownField, field.at, format!("`profile` has no field `{}`", field.text))
                    .label("unknown field")
                    .did_you_mean(field.at, &field.text, known);
            self.report(report);
            self.infer(value, None);
            return None;
        };
        let is_key = self.env.names.profile.is_some_and(|(_, fields)| {
            fields.iter().any(|one| one.key.is_some() && one.name.text == field.text)
        });
        if is_key {
            self.report(
                Report::new(Code::MissingKey, field.at, "the key of a person never changes")
                    .label("this is the key")
                    .help("set another attribute"),
            );
        }
        let to = self.env.field_place(&profile, &field.text);
        self.env.mention(field.at, to, Thing::Field, || hover_of(&field.text, &Some(declared.ty.clone())));
        Some(self.expect(value, &declared.ty, &format!("`profile.{}`", field.text)))
    }
}
