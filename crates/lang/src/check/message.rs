//! Messages: the arguments of the action that carries them, or the parts of the mail that they are.

use std::sync::Arc;

use graph::{Action, MailPart, Message, Name, Type, Value};

use super::{
    Kind,
    action::params,
    expr::Check,
    mail, policy,
    scope::{Env, Event, Scope, Sending},
};
use crate::{
    diagnostic::{Code, Report},
    syntax::{At, ast},
};

/// Checks a message for one event.
pub(crate) fn check(
    message: &ast::Message,
    doc: Option<&Name>,
    event: Event,
    action: Option<Arc<Action>>,
    env: &mut Env<'_>,
) -> Option<Message> {
    let typed = params(&message.params, env);
    let mut scope = Scope::new(event);
    for (param, (_, ty)) in message.params.iter().zip(&typed) {
        scope.bind_variable(&param.name, ty.clone(), env);
    }
    let by_mail = mail::connection(message, env).is_some();
    let declared = env.names.actions.get(&message.action.text).map(|(declared, _)| *declared);
    if declared.is_none() && !by_mail {
        unknown(message, env);
        return None;
    }
    let policies = policy::over(message, env);
    scope.sending = Some(Sending {
        message: message.name.text.clone(),
        policy: policy::unsubscribed_by(&policies).map(|policy| policy.name.clone()),
        links: false,
    });
    let mut check = Check { env, scope: &mut scope };
    let args = match declared {
        Some(declared) => {
            let args = arguments(message, &declared.params, &mut check);
            unwanted(message, declared, check.env);
            args
        }
        None => mail::arguments(message, &mut check),
    };
    let action = action?;
    Some(Message {
        name: message.name.text.clone(),
        params: typed.into_iter().map(|(name, ty)| (name, ty.unwrap_or(Type::Json))).collect(),
        address: action.params.iter().position(|(name, _)| &**name == MailPart::To.word()),
        links: scope.sending.is_some_and(|sending| sending.links),
        action,
        args,
        policies,
        doc: doc.cloned(),
    })
}

/// Says that nothing of this name carries messages.
fn unknown(message: &ast::Message, env: &mut Env<'_>) {
    let (at, name) = (message.action.at, &message.action.text);
    let report = match env.connections.get(name) {
        Some(_) => Report::new(Code::UnknownAction, at, format!("`{name}` is a connection that speaks HTTP"))
            .label("no action, and no mail server")
            .help(
                "name an action that calls it; or a connection with `smtp: \"smtps://…\"`, which sends mail",
            ),
        None => {
            let servers = env.connections.values().filter(|connection| connection.mail.is_some());
            let servers = servers.map(|connection| &*connection.name);
            let known: Vec<&str> = env.names.actions.keys().map(|name| &**name).chain(servers).collect();
            Report::new(Code::UnknownAction, at, format!("there is no action `{name}`"))
                .label("not declared")
                .did_you_mean(at, name, known.into_iter())
        }
    };
    env.report(report);
}

/// The arguments of the action, in its order, from the fields of the message.
fn arguments(message: &ast::Message, params: &[ast::Param], check: &mut Check<'_, '_>) -> Vec<graph::Expr> {
    let mut args = Vec::new();
    for param in params {
        let given = message.fields.iter().find(|(name, _)| name.text == param.name.text);
        let quiet = check.env.reports.len();
        let wanted = check.env.ty(&param.ty);
        check.env.reports.truncate(quiet);
        match (given, wanted) {
            (Some((name, value)), Some(wanted)) => {
                args.push(check.expect(value, &wanted, &format!("`{}`", name.text)))
            }
            (Some((_, value)), None) => args.push(check.infer(value, None).0),
            (None, Some(Type::Optional(_))) => args.push(graph::Expr::Literal(Value::Null)),
            (None, _) => check.report(
                Report::new(
                    Code::WrongArguments,
                    message.name.at,
                    format!("`{}` does not say what `{}` is", message.name.text, param.name.text),
                )
                .label(format!("`{}` is missing", param.name.text))
                .related(param.name.at, "wanted by the action")
                .help(format!("add `{}: …`", param.name.text))
                .fix(message.end.start_only(), format!("  {}: …\n", param.name.text)),
            ),
        }
    }
    args
}

/// Reports fields that are given twice or mean nothing to the action.
fn unwanted(message: &ast::Message, declared: &ast::Action, env: &mut Env<'_>) {
    let known: Vec<&str> = declared.params.iter().map(|param| &*param.name.text).collect();
    let unknown = |name: &ast::Ident| {
        Report::new(
            Code::WrongArguments,
            name.at,
            format!("the action `{}` takes no `{}`", message.action.text, name.text),
        )
        .label("not a parameter of the action")
        .related(declared.name.at, "the action")
    };
    superfluous(message, &known, unknown, env);
}

/// Reports fields of a message that are given twice or are none of the known ones.
pub(super) fn superfluous(
    message: &ast::Message,
    known: &[&str],
    unknown: impl Fn(&ast::Ident) -> Report,
    env: &mut Env<'_>,
) {
    for (index, (name, _)) in message.fields.iter().enumerate() {
        if message.fields.iter().take(index).any(|(other, _)| other.text == name.text) {
            let report = Report::new(Code::DuplicateName, name.at, format!("`{}` is given twice", name.text));
            env.report(report.label("given again"));
        } else if !known.contains(&&*name.text) {
            env.report(unknown(name).did_you_mean(name.at, &name.text, known.iter().copied()));
        }
    }
}

/// A message for the entry event of a journey, and with it its action.
pub(crate) fn for_event(
    name: &Name,
    event: Event,
    journey: &Name,
    used: At,
    env: &mut Env<'_>,
) -> Option<Arc<Message>> {
    let (message, doc) = env.names.messages.get(name).copied()?;
    let carrier = &message.action.text;
    let action = match mail::connection(message, env) {
        Some(_) => mail::action(carrier, env),
        None => super::action::for_event(carrier, event.clone(), journey, used, env),
    };
    let before = std::mem::take(&mut env.reports);
    let general = check(message, doc, Event::Unknown, action.clone(), env);
    let base = std::mem::take(&mut env.reports);
    let made = if base.is_empty() { check(message, doc, event, action, env) } else { general };
    let own = std::mem::replace(&mut env.reports, before);
    super::action::unfit(format!("message `{name}`"), own, journey, used, env);
    made.map(Arc::new)
}

/// The kind of a declaration that `call` and `send` name.
pub(crate) fn kind_of(send: bool) -> Kind {
    if send { Kind::Message } else { Kind::Action }
}
