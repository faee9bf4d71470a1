//! Steps that touch the person's other journeys: `emit`, `start`, `stop`.

use graph::{
    Arm, BinaryOp, Edge, Expr as G, Listener, Moment, Name, Since, StepKind as K, Type, Value, ended,
};

use super::{
    Kind, Plan, Planned, Ty,
    entry::input_of,
    journey::event_type,
    scope::record_of,
    steps::{Flow, Walk, lend, planned, way},
};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{Awaits, Expr, ExprKind, Ident, Start},
    },
};

/// How a journey that was started may have ended, or not begun.
const ENDS: [&str; 8] =
    ["completed", "exited", "failed", "cancelled", "expired", "stopped", "replaced", "stayed-out"];

impl Walk<'_, '_> {
    pub(super) fn emit(&mut self, event: &Ident, properties: Option<&Expr>, at: At) -> (Planned, Flow) {
        let ty = event_type(event, self.env);
        self.scope.uses(Kind::Event, event);
        let properties = self.given(properties, event, ty);
        let kind = K::Emit { event: event.text.clone(), properties };
        let label = format!("emit {}", event.text);
        (planned(format!("emit-{}", event.text), label, at, kind), Flow::Continues)
    }

    pub(super) fn start(&mut self, start: &Start, at: At) -> (Planned, Flow) {
        let journey = &start.journey;
        let ty = self.startable(journey);
        let input = self.given(start.input.as_ref(), journey, ty);
        // No name of the language has a point in it.
        let id: Option<Name> = start.awaits.as_ref().map(|_| format!("{}.start", journey.text).into());
        let kind = K::Start { journey: journey.text.clone(), input, bind: id.clone() };
        let label = format!("start {}", journey.text);
        let mut made = planned(format!("start-{}", journey.text), label, at, kind);
        if let (Some(awaits), Some(id)) = (&start.awaits, id) {
            let plan = Plan { steps: vec![self.wait_for_end(&journey.text, awaits, id, at)] };
            made.ways = vec![way(Edge::Next, "result", Some(plan))];
        }
        (made, Flow::Continues)
    }

    pub(super) fn stop(&mut self, journey: &Ident, key: Option<&Expr>, at: At) -> (Planned, Flow) {
        self.journey_named(journey);
        let key = key.map(|key| lend!(self).infer(key, None).0);
        let kind = K::Stop { journey: journey.text.clone(), key };
        (planned(format!("stop-{}", journey.text), self.env.text(at), at, kind), Flow::Continues)
    }

    /// The record that is given to an event or a journey.
    fn given(&mut self, given: Option<&Expr>, to: &Ident, ty: Ty) -> G {
        let none = Expr { at: to.at, height: 1, kind: ExprKind::Record(Vec::new()) };
        let given = given.unwrap_or(&none);
        match ty {
            Some(ty) => lend!(self).expect(given, &ty, &format!("what `{}` is given", to.text)),
            None => lend!(self).infer(given, None).0,
        }
    }

    /// What a journey must be given to be started.
    fn startable(&mut self, name: &Ident) -> Ty {
        let names = self.env.names;
        if !self.journey_named(name) {
            return None;
        }
        let (journey, _) = names.journeys.get(&name.text)?;
        let input = input_of(journey, self.env);
        if input.is_none() {
            self.env.report(
                Report::new(Code::MissingEntry, name.at, format!("`{}` cannot be started", name.text))
                    .label("is entered by events only")
                    .related(journey.name.at, "declared without `enter when started`")
                    .help("add to it: `enter when started`, or `enter when started with { … }`"),
            );
        }
        input?
    }

    /// Reports a journey that does not exist.
    fn journey_named(&mut self, name: &Ident) -> bool {
        let known = &self.env.names.journeys;
        if known.contains_key(&name.text) {
            self.scope.uses(Kind::Journey, name);
            return true;
        }
        let report = Report::new(Code::UnknownName, name.at, format!("there is no journey `{}`", name.text))
            .label("not declared")
            .did_you_mean(name.at, &name.text, known.keys().map(|name| &**name));
        self.env.report(report);
        false
    }

    /// The wait behind a start: for the event that tells of its end.
    fn wait_for_end(&mut self, journey: &Name, awaits: &Awaits, id: Name, at: At) -> Planned {
        let event = ended(journey);
        self.scope.awaited.insert(event.clone());
        let timeout = awaits.at_most.as_ref().map(|length| lend!(self).length(length));
        self.scope.time_passes();
        let bind = awaits.bind.as_ref().map(|bind| bind.text.clone());
        let alias: Name = bind.clone().unwrap_or_else(|| "it".into());
        let of = G::Field { of: Box::new(G::Variable(alias.clone())), name: "start".into() };
        let own = G::Binary(BinaryOp::Equal, Box::new(of), Box::new(G::Variable(id)));
        let on = Listener { event, alias, condition: Some(own) };
        let arms = vec![Arm { on, binds: bind.is_some() }];
        let mut ways = vec![way(Edge::Case { index: 0, label: "ended".into() }, "ended", None)];
        if timeout.is_some() {
            ways.push(way(Edge::Timeout, "timeout", bind.map(|bind| nothing(bind, at))));
        }
        if let Some(bind) = &awaits.bind {
            let ends = Type::Enum(ENDS.iter().map(|end| Name::from(*end)).collect());
            let ty = record_of(&[("status", ends), ("reason", Type::Text.optional())]);
            let ty = if timeout.is_some() { ty.optional() } else { ty };
            self.scope.bind_variable(bind, Some(ty), self.env);
        }
        let kind =
            K::WaitFor { arms, timeout: timeout.map(|timeout: Moment| timeout), since: Since::LastWait };
        let mut made = planned("wait-for", format!("wait for the end of {journey}"), at, kind);
        made.ways = ways;
        made
    }
}

/// Nothing came in time: the name stands for nothing.
fn nothing(name: Name, at: At) -> Plan {
    let label = format!("{name} is null");
    let kind = K::Let { name: name.clone(), value: G::Literal(Value::Null) };
    Plan { steps: vec![planned(format!("let-{name}"), label, at, kind)] }
}
