//! Actions: once for themselves, with an event of which nothing is known, and once more for the entry event of every
//! journey that uses them.

use std::sync::Arc;

use graph::{Action, Answers, Name, Template, Type};

use super::{
    answers,
    expr::Check,
    policy,
    scope::{Env, Event, Scope},
    system,
    templates::Place,
};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{self, Param, Text, TextPart},
    },
};

/// The types of parameters; `None` for those that could not be resolved.
pub(crate) fn params(params: &[Param], env: &mut Env<'_>) -> Vec<(Name, super::Ty)> {
    let mut made: Vec<(Name, super::Ty)> = Vec::new();
    for param in params {
        if made.iter().any(|(name, _)| *name == param.name.text) {
            env.report(
                Report::new(
                    Code::DuplicateName,
                    param.name.at,
                    format!("the parameter `{}` is declared twice", param.name.text),
                )
                .label("declared again here"),
            );
            continue;
        }
        let ty = env.ty(&param.ty);
        made.push((param.name.text.clone(), ty));
    }
    made
}

/// Checks an action for one event; without a connection there is no action.
pub(crate) fn check(
    action: &ast::Action,
    doc: Option<&Name>,
    event: Event,
    env: &mut Env<'_>,
) -> Option<Action> {
    let typed = params(&action.params, env);
    let mut scope = Scope::new(event);
    for (param, (_, ty)) in action.params.iter().zip(&typed) {
        scope.bind_variable(&param.name, ty.clone(), env);
    }
    let (answer, error) = (answers::of(action, env), action.error.as_ref().and_then(|ty| env.ty(ty)));
    let connection = env.connections.get(&action.connection.text).cloned();
    if connection.is_none() && !env.names.connections.contains_key(&action.connection.text) {
        unknown_connection(action, env);
    }
    path(&action.path, env);
    let cache = cache(action, env);
    let policy = action.policy.as_ref().and_then(|name| policy::named(name, env));
    let mut check = Check { env, scope: &mut scope };
    let target = check.template(&action.path, Place::Url);
    let query = action
        .sent
        .query
        .iter()
        .filter_map(|(name, value)| Some((check.fixed(name)?, check.template(value, Place::Url))));
    let query: Vec<(Name, Template)> = query.collect();
    let headers = check.headers(&action.sent.headers);
    let body = check.body(action.sent.body.as_ref());
    check.content_type_said_once(&action.sent);
    let params: Vec<(Name, Type)> =
        typed.into_iter().map(|(name, ty)| (name, ty.unwrap_or(Type::Json))).collect();
    Some(Action {
        name: action.name.text.clone(),
        params,
        connection: connection?,
        method: action.method.text.clone(),
        path: target,
        query,
        headers,
        body,
        answer: action.answer.is_some().then(|| answer.unwrap_or(Answers::Body(Type::Json))),
        error,
        cache,
        policy,
        doc: doc.cloned(),
    })
}

/// For how long an answer is kept. One that nobody looks at is not worth it.
fn cache(action: &ast::Action, env: &mut Env<'_>) -> Option<i64> {
    let (at, micros) = action.cache?;
    let refuse =
        |message: &str, help: &str| Report::new(Code::BadSetting, at, message).label("not kept").help(help);
    if action.answer.is_none() {
        let message =
            format!("the answer of `{}` is not looked at, so it is not worth keeping", action.name.text);
        env.report(refuse(&message, "say what the answer is: `-> { … }`, or leave `cache` out"));
    } else if !(1_000_000..=86_400_000_000).contains(&micros) {
        env.report(refuse("an answer is kept for a second to a day", "write it as in `cache 10m`"));
    }
    Some(micros)
}

fn unknown_connection(action: &ast::Action, env: &mut Env<'_>) {
    let name = &action.connection;
    let known = env.names.connections.keys().map(|name| &**name);
    let report =
        Report::new(Code::UnknownConnection, name.at, format!("there is no connection `{}`", name.text))
            .label("not declared")
            .help(format!("declare it: `connection {} {{ url: \"https://…\" }}`", name.text))
            .did_you_mean(name.at, &name.text, known);
    env.report(report);
}

/// A path begins with `/`: the host is the connection's, and no hole can change it.
fn path(path: &Text, env: &mut Env<'_>) {
    let first = match path.parts.first() {
        Some(TextPart::Text { text, .. }) => text.as_str(),
        _ => "",
    };
    let at = path.at;
    if path.parts.is_empty() {
        // The connection's URL is all of it, as that of a webhook is.
        return;
    }
    if !first.starts_with('/') || first.starts_with("//") {
        env.report(
            Report::new(Code::BadPath, at, "a path must begin with a single `/`")
                .label(if first.contains("://") { "this names a host" } else { "no `/` at its beginning" })
                .help("the host stands in the connection's `url`; here only what follows it, such as `\"/orders\"`"),
        );
    } else if path.parts.iter().any(|part| matches!(part, TextPart::Text { text, .. } if text.contains(['#', '\\', ' ', '\n', '\r', '\t']))) {
        env.report(
            Report::new(Code::BadPath, at, "a path has no spaces, line breaks, backslashes or `#`")
                .label("not a path")
                .help("write a space as `%20`; values belong in holes, which are encoded"),
        );
    }
}

impl Check<'_, '_> {
    /// Text that must have no holes.
    pub(crate) fn fixed(&mut self, text: &Text) -> Option<Name> {
        let fixed = text.fixed();
        if fixed.is_none() {
            self.report(
                Report::new(Code::BadTemplate, text.at, "this text cannot have holes")
                    .label("fixed text only"),
            );
        }
        fixed.map(Name::from)
    }

    fn headers(&mut self, headers: &[(Text, Text)]) -> Vec<(Name, Template)> {
        let mut made = Vec::new();
        for (name, value) in headers {
            let Some(fixed) = self.fixed(name) else { continue };
            if let Some(report) = header_name(&fixed, name.at) {
                self.report(report);
            } else if let Some(how) = reserved_header(&fixed) {
                let code = if fixed.eq_ignore_ascii_case("authorization") {
                    Code::SecretInText
                } else {
                    Code::BadSetting
                };
                self.report(
                    Report::new(code, name.at, format!("the header `{fixed}` is not set by an action"))
                        .label("set elsewhere")
                        .help(how),
                );
            }
            if value
                .parts
                .iter()
                .any(|part| matches!(part, TextPart::Text { text, .. } if text.contains(['\n', '\r'])))
            {
                self.report(
                    Report::new(Code::BadSetting, value.at, "a header has no line breaks")
                        .label("line break inside")
                        .help("take the line break away; a text of several lines belongs in the body"),
                );
            }
            made.push((fixed, self.template(value, Place::Header)));
        }
        made
    }
}

/// What is wrong with the name of a header.
pub(super) fn header_name(name: &str, at: At) -> Option<Report> {
    let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let good = !name.is_empty() && name.chars().all(token);
    let report = || {
        Report::new(Code::BadSetting, at, format!("`{name}` cannot be the name of a header"))
            .label("not a header name")
            .help("names have letters, digits and `-`")
    };
    (!good).then(report)
}

pub(super) fn reserved_header(name: &str) -> Option<&'static str> {
    match name.to_ascii_lowercase().as_str() {
        "authorization" => {
            Some("say `auth: bearer secret(\"NAME\")` in the connection, which keeps it out of the file")
        }
        "host" => Some("the host is the connection's `url`"),
        "content-length" | "transfer-encoding" | "connection" => Some("the client sets it from the body"),
        _ => None,
    }
}

/// An action for the entry event of a journey. What only goes wrong for this event is reported where it is used.
pub(crate) fn for_event(
    name: &Name,
    event: Event,
    journey: &Name,
    used: At,
    env: &mut Env<'_>,
) -> Option<Arc<Action>> {
    let (action, doc) = env.names.actions.get(name).copied()?;
    let before = std::mem::take(&mut env.reports);
    let general = system::among_people(env, |env| check(action, doc, Event::Unknown, env));
    let base = std::mem::take(&mut env.reports);
    let made = if base.is_empty() { check(action, doc, event, env) } else { general };
    let own = std::mem::replace(&mut env.reports, before);
    unfit(format!("action `{name}`"), own, journey, used, env);
    made.map(Arc::new)
}

/// Turns reports about a shared declaration into one at the place where this journey uses it.
pub(crate) fn unfit(what: String, own: Vec<Report>, journey: &Name, used: At, env: &mut Env<'_>) {
    for report in own {
        let mut unfit = Report::new(
            Code::UnfitAction,
            used,
            format!("{what} does not fit the event that `{journey}` enters with: {}", report.message),
        )
        .label("used here")
        .related(report.at, if report.label.is_empty() { report.message } else { report.label });
        unfit.help = report.help;
        env.report(unfit);
    }
}
