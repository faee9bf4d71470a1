//! Tests: their lines against the project they are about. Steps are looked for in the lowered journeys.

mod rows;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use graph::{
    Answers, Expr as G, Field, Journey, Name, RecordType, Type, started, system_record,
    test::{Expectation, Mock, Outgoing, Reply, Statement, StatementKind, Test, Whereabouts},
};
use jiff::Timestamp;

use super::{
    Kind,
    action::params,
    entry::input_of,
    expr::Check,
    journey::event_type,
    mail,
    scope::{Env, Event, Scope, record_of},
};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{self, Expect, Expr, ExprKind, Ident, TestKind, Text},
    },
};

/// Checks a test.
pub(crate) fn check(test: &ast::Test, at: At, env: &mut Env<'_>) -> (Test, Vec<StepNamed>) {
    let mut scope = Scope::new(Event::Unknown);
    scope.audiences = Some(BTreeSet::new());
    let mut check = Check { env, scope: &mut scope };
    let name = check.fixed(&test.name).unwrap_or_default();
    let rows = test.rows.as_ref().map(|(row, list)| {
        let (made, ty) = check.table(list);
        let ty = match ty {
            Some(Type::List(item)) => Some((*item).clone()),
            Some(other) => {
                check.demand(list.at, &other, &Type::List(Arc::new(Type::Json)), "what a test is played for");
                None
            }
            None => None,
        };
        check.scope.bind_variable(row, ty, check.env);
        (row.text.clone(), made)
    });
    let mut lines = Lines { check, steps: Vec::new(), somebody: false };
    let statements = test.lines.iter().filter_map(|line| {
        let kind = lines.line(line)?;
        Some(Statement { span: line.at.span(), text: lines.check.env.text(line.at).into(), kind })
    });
    let made = Test { name, place: (at.file as usize, at.span()), rows, statements: statements.collect() };
    (made, lines.steps)
}

/// A step that a test names, to be looked for once there are graphs.
pub(crate) struct StepNamed {
    journey: Name,
    step: Name,
    at: At,
}

/// Reports the steps that no journey has.
pub(crate) fn steps(named: &[StepNamed], journeys: &BTreeMap<Name, Arc<Journey>>, reports: &mut Vec<Report>) {
    for one in named {
        let Some(journey) = journeys.get(&one.journey) else { continue };
        if journey.find(&one.step).is_none() {
            let known = journey.steps.keys().map(|name| &**name);
            reports.push(
                Report::new(
                    Code::UnknownName,
                    one.at,
                    format!("`{}` has no step `{}`", one.journey, one.step),
                )
                .label("no such step")
                .help(format!("`wayfare graph {}` shows the names of its steps", one.journey))
                .did_you_mean(one.at, &one.step, known),
            );
        }
    }
}

struct Lines<'c, 'a> {
    check: Check<'c, 'a>,
    steps: Vec<StepNamed>,
    /// Whether a `profile` came before.
    somebody: bool,
}

impl Lines<'_, '_> {
    fn line(&mut self, line: &ast::TestLine) -> Option<StatementKind> {
        let needs_somebody = match &line.kind {
            // What the server tells is about no person.
            TestKind::Event { event, .. } => system_record(&event.text).is_none(),
            TestKind::Set { .. } | TestKind::StartJourney { .. } => true,
            TestKind::Start(_)
            | TestKind::Journeys(_)
            | TestKind::Profile(_)
            | TestKind::Mock { .. }
            | TestKind::After(_)
            | TestKind::Expect(_) => false,
        };
        if needs_somebody && !self.somebody {
            self.somebody = true;
            self.check.report(
                Report::new(Code::MissingProfile, line.at, "nothing says who does this")
                    .label("nobody is there yet")
                    .help("say before it who it is: `profile { … }` with their attributes"),
            );
        }
        Some(match &line.kind {
            TestKind::Start(text) => StatementKind::Start(self.moment(text)?),
            TestKind::Journeys(names) => {
                names.iter().for_each(|name| self.journey(name));
                StatementKind::Journeys(names.iter().map(|name| name.text.clone()).collect())
            }
            TestKind::Profile(attributes) => {
                self.somebody = true;
                let profile = self.check.env.profile.clone().map(Type::Record)?;
                StatementKind::Profile(self.check.expect(attributes, &profile, "the profile"))
            }
            TestKind::Set { field, value } => {
                let value = self.check.attribute(field, value)?;
                StatementKind::Set { field: field.text.clone(), value }
            }
            TestKind::Mock { action, with, reply, delay, times } => {
                self.mock(action, with.as_ref(), reply, delay.as_ref(), *times)?
            }
            TestKind::Event { event, properties } => {
                let ty = event_type(event, self.check.env)?;
                let none = Expr { at: event.at, height: 1, kind: ExprKind::Record(Vec::new()) };
                let properties = properties.as_ref().unwrap_or(&none);
                let properties = self.check.expect(properties, &ty, &format!("`{}`", event.text));
                StatementKind::Event { event: event.text.clone(), properties }
            }
            TestKind::StartJourney { journey, input } => self.start(journey, input.as_ref())?,
            TestKind::After(length) => {
                StatementKind::After(self.check.expect(length, &Type::Duration, "how far the clock moves"))
            }
            TestKind::Expect(expect) => StatementKind::Expect(self.expectation(expect)?),
        })
    }

    /// A start is an event of its own.
    fn start(&mut self, journey: &Ident, input: Option<&Expr>) -> Option<StatementKind> {
        self.journey(journey);
        let (declared, _) = self.check.env.names.journeys.get(&journey.text)?;
        let Some(ty) = input_of(declared, self.check.env) else {
            self.check.report(
                Report::new(Code::MissingEntry, journey.at, format!("`{}` cannot be started", journey.text))
                    .label("is entered by events only")
                    .help("use `event`, or add `enter when started` to the journey"),
            );
            return None;
        };
        let none = Expr { at: journey.at, height: 1, kind: ExprKind::Record(Vec::new()) };
        let what = format!("what `{}` is given", journey.text);
        let properties = self.check.expect(input.unwrap_or(&none), &ty?, &what);
        Some(StatementKind::Event { event: started(&journey.text), properties })
    }

    fn moment(&mut self, text: &Text) -> Option<Timestamp> {
        let fixed = self.check.fixed(text)?;
        let moment = fixed.parse().ok();
        if moment.is_none() {
            self.check.report(
                Report::new(Code::BadSchedule, text.at, format!("`{fixed}` is not a moment"))
                    .label("not a moment")
                    .help("write date, time and offset: `\"2026-01-05T09:00:00Z\"`"),
            );
        }
        moment
    }

    fn journey(&mut self, name: &Ident) {
        let known = &self.check.env.names.journeys;
        if known.contains_key(&name.text) {
            return;
        }
        let report = Report::new(Code::UnknownName, name.at, format!("there is no journey `{}`", name.text))
            .label("not declared")
            .did_you_mean(name.at, &name.text, known.keys().map(|name| &**name));
        self.check.report(report);
    }

    fn mock(
        &mut self,
        action: &Ident,
        with: Option<&Expr>,
        reply: &ast::Reply,
        delay: Option<&Expr>,
        times: Option<u32>,
    ) -> Option<StatementKind> {
        let declared = match mail::action(&action.text, self.check.env) {
            Some(mail) => Declared { given: mail.params.clone(), ..Declared::default() },
            None => self.outgoing(Outgoing::Call, action)?,
        };
        let with = with.map(|with| self.with(with, &declared.given)).unwrap_or_default();
        let reply = match reply {
            ast::Reply::Returns(value) => Reply::Returns(match &declared.answer {
                Some(answers) => {
                    self.check.expect(value, &answers.ty(), &format!("the answer of `{}`", action.text))
                }
                None => self.check.infer(value, None).0,
            }),
            ast::Reply::Status { status, body } => {
                self.failing_status(*status, &declared, action);
                Reply::Status(status.1, body.as_ref().map(|body| self.failing_body(body, &declared, action)))
            }
            ast::Reply::Fails(kind) => Reply::Fails(*kind),
        };
        let delay = delay.map(|delay| self.check.expect(delay, &Type::Duration, "how long the answer takes"));
        Some(StatementKind::Mock(Mock { action: action.text.clone(), with, times, delay, reply }))
    }

    /// What is an answer is no failure.
    fn failing_status(&mut self, status: (At, u16), declared: &Declared, action: &Ident) {
        let (at, status) = status;
        let is_answer = match &declared.answer {
            Some(answers) => answers.has(status),
            None => status < 300,
        };
        if is_answer || status < 300 {
            let report = Report::new(
                Code::BadValue,
                at,
                format!("{status} is no failure of `{}`: it is a good answer", action.text),
            );
            let by_status = matches!(declared.answer, Some(Answers::ByStatus(_))) && is_answer;
            let instead =
                if by_status { format!("returns {{ status: {status}, … }}") } else { "returns …".into() };
            self.check.report(
                report.label("not a failure").help(format!("write `mock {} {instead}`", action.text)),
            );
        }
    }

    /// The body of a failure: of the declared shape, or a text, which stands for a body as it is.
    fn failing_body(&mut self, body: &Expr, declared: &Declared, action: &Ident) -> G {
        match &declared.error {
            Some(shape) if !matches!(body.kind, ExprKind::Text(_)) => {
                self.check.expect(body, shape, &format!("what `{}` fails with", action.text))
            }
            _ => self.check.infer(body, None).0,
        }
    }

    fn expectation(&mut self, expect: &Expect) -> Option<Expectation> {
        Some(match expect {
            Expect::Holds(condition) => Expectation::Holds(self.check.condition(condition)),
            Expect::Journey { journey, state } => {
                self.journey(journey);
                let state = self.whereabouts(&journey.text, state)?;
                Expectation::Journey { journey: journey.text.clone(), state }
            }
            Expect::Outgoing { kind, never, name, with, condition, times } => {
                let declared = match name {
                    Some(name) => self.outgoing(*kind, name)?,
                    None => Declared::default(),
                };
                let with = with.as_ref().map(|with| self.with(with, &declared.given)).unwrap_or_default();
                let mark = self.check.scope.mark();
                let request = record_of(&[
                    ("method", Type::Text),
                    ("path", Type::Text),
                    ("headers", Type::List(Type::Text.into())),
                    ("contentType", Type::Text.optional()),
                    ("body", Type::Text),
                ]);
                for (name, ty) in declared.carried.into_iter().chain([("request".into(), request)]) {
                    self.check.scope.bind_quietly(&name, At::default(), Some(ty));
                }
                let condition = condition.as_ref().map(|condition| self.check.condition(condition));
                self.check.scope.reset(mark);
                let times = if *never { Some(0) } else { *times };
                let name = name.as_ref().map(|name| name.text.clone());
                Expectation::Outgoing { kind: *kind, name, with, condition, times }
            }
        })
    }

    fn whereabouts(&mut self, journey: &Name, state: &ast::Whereabouts) -> Option<Whereabouts> {
        Some(match state {
            ast::Whereabouts::Outside => Whereabouts::Outside,
            ast::Whereabouts::Inside => Whereabouts::Inside,
            ast::Whereabouts::End => Whereabouts::End,
            ast::Whereabouts::Failed => Whereabouts::Failed,
            ast::Whereabouts::Exited(reason) => {
                Whereabouts::Exited(reason.as_ref().and_then(|reason| self.check.fixed(reason)))
            }
            ast::Whereabouts::At(text) => {
                let step = self.check.fixed(text)?;
                self.steps.push(StepNamed { journey: journey.clone(), step: step.clone(), at: text.at });
                Whereabouts::At(step)
            }
        })
    }

    /// What an action or a message is declared with.
    fn outgoing(&mut self, kind: Outgoing, name: &Ident) -> Option<Declared> {
        let names = self.check.env.names;
        let typed = |declared: &[ast::Param], env: &mut Env<'_>| -> Vec<(Name, Type)> {
            let quiet = env.reports.len();
            let typed = params(declared, env);
            env.reports.truncate(quiet);
            typed.into_iter().map(|(name, ty)| (name, ty.unwrap_or(Type::Json))).collect()
        };
        let found = match kind {
            Outgoing::Call => names.actions.get(&name.text).map(|(action, _)| {
                let given = typed(&action.params, self.check.env);
                let (quiet, env) = (self.check.env.reports.len(), &mut *self.check.env);
                let answer = super::answers::of(action, env);
                let error = action.error.as_ref().and_then(|ty| env.ty(ty));
                env.reports.truncate(quiet);
                Declared { carried: given.clone(), given, answer, error }
            }),
            Outgoing::Send => names.messages.get(&name.text).map(|(message, _)| {
                let given = typed(&message.params, self.check.env);
                let carrier = names.actions.get(&message.action.text).map(|(action, _)| *action);
                let carried = match carrier {
                    Some(action) => typed(&action.params, self.check.env),
                    None => mail::looked_at(message),
                };
                Declared { given, carried, answer: None, error: None }
            }),
        };
        if found.is_none() {
            let (code, what, known): (_, _, Vec<&str>) = match kind {
                Outgoing::Call => {
                    (Code::UnknownAction, Kind::Action, names.actions.keys().map(|name| &**name).collect())
                }
                Outgoing::Send => {
                    (Code::UnknownMessage, Kind::Message, names.messages.keys().map(|name| &**name).collect())
                }
            };
            let what = if what == Kind::Action { "action" } else { "message" };
            let report = Report::new(code, name.at, format!("there is no {what} `{}`", name.text))
                .label("not declared")
                .did_you_mean(name.at, &name.text, known.into_iter());
            self.check.report(report);
        }
        found
    }

    /// `{ a: 1 }`: some of the declared parameters.
    fn with(&mut self, with: &Expr, given: &[(Name, Type)]) -> Vec<(Name, G)> {
        let ExprKind::Record(fields) = &with.kind else { return Vec::new() };
        let all = RecordType {
            name: None,
            fields: given
                .iter()
                .map(|(name, ty)| Field { name: name.clone(), ty: ty.clone(), default: None, doc: None })
                .collect(),
        };
        let mut made = Vec::new();
        for (name, value) in fields {
            match all.field(&name.text) {
                Some(field) => {
                    let value = self.check.expect(value, &field.ty, &format!("`{}`", name.text));
                    made.push((name.text.clone(), value));
                }
                None => {
                    let known = all.fields.iter().map(|field| &*field.name);
                    let report = Report::new(
                        Code::UnknownField,
                        name.at,
                        format!("there is no parameter `{}`", name.text),
                    )
                    .label("unknown parameter");
                    let list: Vec<String> = known.clone().map(|name| format!("`{name}`")).collect();
                    let report = match list.as_slice() {
                        [] => report.help(
                            "it takes none; its request can be looked at in `where`, as `request.body`",
                        ),
                        _ => report.help(format!("it takes {}", list.join(", "))),
                    };
                    self.check.report(report.did_you_mean(name.at, &name.text, known));
                }
            }
        }
        made
    }
}

/// What an action or a message is declared with.
#[derive(Default)]
struct Declared {
    /// Its parameters.
    given: Vec<(Name, Type)>,
    /// The parameters of the action that goes out.
    carried: Vec<(Name, Type)>,
    answer: Option<Answers>,
    error: Option<Type>,
}
