//! Steps that reach out: `call` and `send`, their arguments, and what happens on an error.

use graph::{Edge, Expr as G, Name, StepKind as K, Type};

use super::{
    Plan, Planned, Ty,
    action::params,
    answers,
    message::kind_of,
    scope::record_of,
    steps::{Flow, Walk, lend, planned, way},
};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{self, Expr, Ident, Invoke, OnError},
    },
};

impl Walk<'_, '_> {
    pub(super) fn call(
        &mut self,
        call: &Invoke,
        bind: Option<&Ident>,
        fallback: Option<&Expr>,
        error: Option<&OnError>,
        at: At,
    ) -> (Planned, Flow) {
        let label = format!("call {}", call.name.text);
        let (mut args, mut answer, mut declared) = (Vec::new(), None, None);
        let names = self.env.names;
        match names.actions.get(&call.name.text) {
            Some((action, _)) => {
                self.scope.uses(kind_of(false), &call.name);
                args = self.arguments(call, &action.params, "the action");
                answer = self.answer(call, action, bind);
                declared = Some(*action);
            }
            None => {
                let other = names.messages.contains_key(&call.name.text);
                self.unknown(call, false, names.actions.keys().map(|name| &**name), other);
            }
        }
        let fallback = fallback.map(|value| match &answer {
            Some(ty) => lend!(self).expect(value, ty, "the value that stands in"),
            None => lend!(self).infer(value, None).0,
        });
        if let (Some(_), Some(error)) = (&fallback, error) {
            self.env.report(
                Report::new(
                    Code::WrongArguments,
                    error.block.at,
                    "`or` already says what happens on an error",
                )
                .label("never reached")
                .help("keep `or`, or write `on error` and `give` the value there"),
            );
        }
        self.scope.time_passes();
        let handler = error.map(|error| {
            self.on_error(error, declared, bind.map(|bind| (bind.text.clone(), answer.clone())))
        });
        let kind = K::Call {
            action: call.name.text.clone(),
            args,
            bind: bind.map(|bind| bind.text.clone()),
            fallback,
            error: error.and_then(|error| error.name.as_ref()).map(|name| name.text.clone()),
        };
        let mut made = planned(format!("call-{}", call.name.text), label, at, kind);
        if let (Some(error), Some((plan, flow))) = (error, handler) {
            if let (Some(bind), Flow::Continues) = (bind, flow) {
                self.no_value(bind, error.block.at);
            }
            made.ways.push(way(Edge::Error, "error", Some(plan)));
        }
        if let Some(bind) = bind {
            self.scope.bind_variable(bind, answer, self.env);
        }
        (made, Flow::Continues)
    }

    /// The type of an action's answer, which must be there if it is to be named.
    fn answer(&mut self, call: &Invoke, action: &ast::Action, bind: Option<&Ident>) -> Ty {
        let quiet = self.env.reports.len();
        let answer = answers::of(action, self.env).map(|answers| answers.ty());
        self.env.reports.truncate(quiet);
        if let (Some(bind), None) = (bind, &action.answer) {
            self.env.report(
                Report::new(
                    Code::MissingAnswer,
                    call.name.at,
                    format!("the action `{}` has no answer to name", call.name.text),
                )
                .label(format!("gives nothing for `{}`", bind.text))
                .related(action.name.at, "declared without `->`")
                .help("declare the answer's shape: `action name(…) -> { … }`, or leave `let … =` out"),
            );
        }
        answer
    }

    /// A block for errors goes on, though the name that the call binds would have no value there.
    fn no_value(&mut self, bind: &Ident, block: At) {
        self.env.report(
            Report::new(
                Code::MissingAnswer,
                block,
                format!("after an error `{}` would have no value", bind.text),
            )
            .label("this block goes on without one")
            .help("end it with `exit`, or with `give` and a value"),
        );
    }

    pub(super) fn send(&mut self, call: &Invoke, error: Option<&OnError>, at: At) -> (Planned, Flow) {
        let label = format!("send {}", call.name.text);
        let names = self.env.names;
        let (mut args, mut declared) = (Vec::new(), None);
        match names.messages.get(&call.name.text) {
            Some((message, _)) => {
                self.scope.uses(kind_of(true), &call.name);
                self.scope.sent.insert(call.name.text.clone());
                args = self.arguments(call, &message.params, "the message");
                declared = names.actions.get(&message.action.text).map(|(action, _)| *action);
            }
            None => {
                let other = names.actions.contains_key(&call.name.text);
                self.unknown(call, true, names.messages.keys().map(|name| &**name), other);
            }
        }
        self.scope.time_passes();
        let kind = K::Send {
            message: call.name.text.clone(),
            args,
            error: error.and_then(|error| error.name.as_ref()).map(|name| name.text.clone()),
        };
        let mut made = planned(format!("send-{}", call.name.text), label, at, kind);
        if let Some(error) = error {
            let plan = self.on_error(error, declared, None).0;
            made.ways.push(way(Edge::Error, "error", Some(plan)));
        }
        (made, Flow::Continues)
    }

    fn on_error(
        &mut self,
        error: &OnError,
        action: Option<&ast::Action>,
        gives: Option<(Name, Ty)>,
    ) -> (Plan, Flow) {
        let quiet = self.env.reports.len();
        let body = action.and_then(|action| action.error.as_ref()).and_then(|ty| self.env.ty(ty));
        self.env.reports.truncate(quiet);
        let mark = self.scope.mark();
        if let Some(name) = &error.name {
            let ty = record_of(&[
                (
                    "kind",
                    Type::Enum(graph::ErrorKind::ALL.iter().map(|kind| Name::from(kind.word())).collect()),
                ),
                ("status", Type::Int.optional()),
                ("reason", Type::Text),
                // Missing where there was no answer, and where it has another shape.
                ("body", body.map_or(Type::Json, Type::optional)),
            ]);
            self.scope.bind_variable(name, Some(ty), self.env);
        }
        let before = std::mem::replace(&mut self.gives, gives);
        let made = self.block(&error.block);
        self.gives = before;
        self.scope.reset(mark);
        made
    }

    /// Arguments against declared parameters.
    fn arguments(&mut self, call: &Invoke, declared: &[ast::Param], what: &str) -> Vec<G> {
        let quiet = self.env.reports.len();
        let typed = params(declared, self.env);
        self.env.reports.truncate(quiet);
        if typed.len() != call.args.len() {
            let signature: Vec<String> = declared
                .iter()
                .map(|param| format!("{}: {}", param.name.text, self.env.text(param.ty.at)))
                .collect();
            let names: Vec<&str> = declared.iter().map(|param| &*param.name.text).collect();
            self.env.report(
                Report::new(
                    Code::WrongArguments,
                    call.at,
                    format!(
                        "{what} `{}` takes {} argument{}, {} given",
                        call.name.text,
                        typed.len(),
                        if typed.len() == 1 { "" } else { "s" },
                        call.args.len()
                    ),
                )
                .label(format!("takes ({})", signature.join(", ")))
                .help(format!("write `{}({})`", call.name.text, names.join(", "))),
            );
            return Vec::new();
        }
        let mut made = Vec::new();
        for (arg, (name, ty)) in call.args.iter().zip(typed) {
            made.push(match ty {
                Some(ty) => lend!(self).expect(arg, &ty, &format!("`{name}`")),
                None => lend!(self).infer(arg, None).0,
            });
        }
        made
    }

    fn unknown<'k>(&mut self, call: &Invoke, send: bool, known: impl Iterator<Item = &'k str>, other: bool) {
        let (code, what, word) = if send {
            (Code::UnknownMessage, "message", "call")
        } else {
            (Code::UnknownAction, "action", "send")
        };
        let name = &call.name;
        let mut report = Report::new(code, name.at, format!("there is no {what} `{}`", name.text))
            .label("not declared")
            .did_you_mean(name.at, &name.text, known);
        if other {
            report = report
                .help(format!("write `{word} {}(…)`: messages are sent, actions are called", name.text));
        }
        self.env.report(report);
        for arg in &call.args {
            lend!(self).infer(arg, None);
        }
    }
}
