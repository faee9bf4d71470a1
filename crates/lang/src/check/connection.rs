//! Connections: settings with their defaults; a secret is never written in the file.

use graph::{Auth, Connection, Name, Pressure, Setting};

use super::{auth, mail_server, scope::Env, sign};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{self, Expr, ExprKind, SettingSource, Text, TextPart},
    },
};

/// Checks a connection.
pub(crate) fn check(connection: &ast::Connection, doc: Option<&Name>, env: &mut Env<'_>) -> Connection {
    let mail = mail_server::check(connection, env);
    let url = match (&connection.smtp, &connection.url) {
        (Some(setting), _) => mail_server::address(setting, env),
        (None, Some(setting)) => url(setting, "?#", env),
        (None, None) => {
            env.report(
                Report::new(
                    Code::BadSetting,
                    connection.name.at,
                    format!("the connection `{}` has no `url`", connection.name.text),
                )
                .label("where is it?")
                .help("add `url: \"https://…\"`; a mail server has `smtp: \"smtps://…\"`"),
            );
            Setting::Text("".into())
        }
    };
    let auth = connection.auth.as_ref().map_or(Auth::None, |(at, auth)| auth::check(*at, auth, env));
    let sign = connection.sign.as_ref().and_then(|sign| sign::check(sign, env));
    let tls = connection.tls.as_ref().map(|tls| sign::tls(tls, env));
    let (usual, usual_total) = match mail {
        Some(_) => (Connection::MAIL_TIMEOUT_EACH, Connection::MAIL_TIMEOUT_TOTAL),
        None => (Connection::TIMEOUT_EACH, Connection::TIMEOUT_TOTAL),
    };
    let each = connection.each.map_or(usual, |(_, micros)| micros);
    let total = connection.total.map_or(usual_total.max(each), |(_, micros)| micros);
    limits(connection, each, total, env);
    let usual = if mail.is_some() { graph::RetryOn::BY_MAIL } else { graph::RetryOn::USUAL };
    let on = connection.retry_on.clone().unwrap_or(usual);
    let retry = connection.retry.as_ref().map_or(Connection::RETRY, |(_, retry)| retry.clone());
    let retry = graph::Retry { on, ..retry };
    Connection {
        name: connection.name.text.clone(),
        url,
        auth,
        sign,
        mail,
        tls,
        timeout_each: each,
        timeout_total: total,
        retry,
        pressure: pressure(connection, env),
        private: connection.private.iter().filter_map(|host| host_of(host, env)).collect(),
        doc: doc.cloned(),
    }
}

fn limits(connection: &ast::Connection, each: i64, total: i64, env: &mut Env<'_>) {
    if let Some((at, _)) = connection.each.or(connection.total)
        && each > total
    {
        env.report(
            Report::new(Code::BadSetting, at, "one attempt may take longer than all of them")
                .label("longer than the time in all")
                .help("make `in all` at least as long as `each`"),
        );
    }
    for (at, micros) in [connection.each, connection.total].into_iter().flatten() {
        if !(1_000..=3_600_000_000).contains(&micros) {
            env.report(
                Report::new(Code::BadSetting, at, "a timeout goes from a millisecond to an hour")
                    .label("out of range"),
            );
        }
    }
    if let Some((at, retry)) = &connection.retry {
        let at = *at;
        if retry.times > 20 {
            env.report(
                Report::new(Code::BadSetting, at, "a call is repeated at most 20 times").label("too often"),
            );
        }
        if retry.first > retry.most {
            env.report(
                Report::new(Code::BadSetting, at, "the first pause is longer than the longest")
                    .label("runs backwards")
                    .help("write the shorter pause first: `3 times, 200ms to 5s`"),
            );
        }
        if retry.share.is_some_and(|share| !(1..=100).contains(&share)) {
            env.report(
                Report::new(Code::BadSetting, at, "repetitions are 1 to 100 % of the calls")
                    .label("out of range")
                    .help("write it as in `at most 20% of calls`"),
            );
        }
        let is_status = |(from, to): &(u16, u16)| (300..=599).contains(from) && (*from..=599).contains(to);
        if !connection.retry_on.iter().flat_map(|on| on.statuses.iter()).all(is_status) {
            env.report(
                Report::new(Code::BadSetting, at, "the status of an answer that fails is 300 to 599")
                    .label("no such status")
                    .help("write it as in `on timeout or 429 or 500 to 599`"),
            );
        }
    }
}

/// How hard it may be pressed: numbers that nobody can mean are mistakes.
fn pressure(connection: &ast::Connection, env: &mut Env<'_>) -> Pressure {
    let mut refuse = |at, message: &str, help: &str| {
        env.report(Report::new(Code::BadSetting, at, message).label("out of range").help(help));
    };
    if let Some((at, at_once)) = connection.at_once
        && !(1..=10_000).contains(&at_once)
    {
        refuse(at, "from 1 to 10,000 calls run at once", "write how many the partner can bear, such as `20`");
    }
    if let Some((at, breaker)) = connection.breaker {
        const HELP: &str = "write it as in `50% of 20 calls, open 30s`";
        if !(1..=100).contains(&breaker.percent) {
            refuse(at, "a breaker opens at 1 to 100 % of failed calls", HELP);
        }
        if !(1..=1_000).contains(&breaker.of) {
            refuse(at, "a breaker looks at the last 1 to 1,000 calls", HELP);
        }
        if !(100_000..=86_400_000_000).contains(&breaker.open) {
            refuse(at, "a breaker stays open for 100 milliseconds to a day", HELP);
        }
    }
    Pressure {
        at_once: connection.at_once.map(|(_, at_once)| at_once),
        throttle: connection.throttle.map(|(_, rate)| rate),
        cap: connection.cap.map(|(_, rate)| rate),
        breaker: connection.breaker.map(|(_, breaker)| breaker),
    }
}

pub(super) fn setting(setting: &ast::Setting, env: &mut Env<'_>) -> Setting {
    match (setting.source, setting.text.fixed()) {
        (SettingSource::Text, Some(text)) => Setting::Text(text.into()),
        (SettingSource::Text, None) => joined(&setting.text, env),
        (SettingSource::Env, Some(name)) => Setting::Env(variable(setting.at, name, env)),
        (SettingSource::Secret, Some(name)) => Setting::Secret(variable(setting.at, name, env)),
        (SettingSource::Env | SettingSource::Secret, None) => {
            let message = "the name of an environment variable has no holes";
            env.report(Report::new(Code::BadTemplate, setting.at, message).label("fixed text only"));
            Setting::Text("".into())
        }
    }
}

/// A text whose holes hold what is found in the environment.
pub(super) fn joined(text: &Text, env: &mut Env<'_>) -> Setting {
    Setting::Joined(text.parts.iter().map(|part| held(part, text.at, env)).collect())
}

/// A part of a text, whose hole holds what is found in the environment.
pub(super) fn held(part: &TextPart, whole: At, env: &mut Env<'_>) -> Setting {
    match part {
        TextPart::Text { text, .. } => Setting::Text(text.as_str().into()),
        TextPart::Hole { value, at, .. } => named(value, env).unwrap_or_else(|| fixed_only(*at, env)),
        TextPart::If { .. } | TextPart::For { .. } => fixed_only(whole, env),
    }
}

/// `env("NAME")` or `secret("NAME")`.
pub(super) fn named(value: &Expr, env: &mut Env<'_>) -> Option<Setting> {
    let ExprKind::Call { receiver: None, name, args, .. } = &value.kind else { return None };
    let [Expr { kind: ExprKind::Text(text), .. }] = args.as_slice() else { return None };
    let fixed = text.fixed()?;
    match &*name.text {
        "env" => Some(Setting::Env(variable(value.at, fixed, env))),
        "secret" => Some(Setting::Secret(variable(value.at, fixed, env))),
        _ => None,
    }
}

pub(super) fn fixed_only(at: At, env: &mut Env<'_>) -> Setting {
    env.report(
        Report::new(
            Code::BadTemplate,
            at,
            "holes in a connection's settings hold `env(\"NAME\")` or `secret(\"NAME\")`",
        )
        .label("neither")
        .help("a connection serves everybody; put what differs into the action"),
    );
    Setting::Text("".into())
}

/// The name of an environment variable.
fn variable(at: At, text: String, env: &mut Env<'_>) -> Name {
    let named = !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !named {
        env.report(
            Report::new(
                Code::BadSetting,
                at,
                format!("`{text}` cannot be the name of an environment variable"),
            )
            .label("not a name")
            .help("names have letters, digits and `_`, such as `REWARDS_TOKEN`"),
        );
    }
    text.into()
}

/// The address of a server, in which none of some characters may stand.
pub(super) fn url(written: &ast::Setting, without: &str, env: &mut Env<'_>) -> Setting {
    let made = setting(written, env);
    let text = match &made {
        Setting::Text(_) if written.text.fixed().is_none() => return made,
        Setting::Text(text) => text.to_string(),
        Setting::Joined(parts) => {
            // Holes stand behind the host, so that nothing from elsewhere decides where a secret is sent to.
            let host = matches!(parts.first(), Some(Setting::Text(text)) if text.matches('/').count() > 2);
            let fixed = parts
                .iter()
                .filter_map(|part| if let Setting::Text(text) = part { Some(&**text) } else { None });
            if host { fixed.collect() } else { String::new() }
        }
        Setting::Env(_) | Setting::Secret(_) => return made,
    };
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    match host {
        Some(host) if host.contains('@') => env.report(
            Report::new(Code::SecretInText, written.at, "a URL must not carry a user or a password")
                .label("credentials inside")
                .help("say `auth: basic { user: \"…\", password: secret(\"NAME\") }`"),
        ),
        Some(host) if !host.is_empty() && !text.contains(|one| one == ' ' || without.contains(one)) => {}
        _ => env.report(
            Report::new(Code::BadSetting, written.at, format!("`{}` is not the address of a server", env.text(written.text.at).trim_matches('"')))
                .label("not a URL")
                .help("write scheme and host, perhaps with a path, and holes in that only: `\"https://api.example.com\"`"),
        ),
    }
    made
}

fn host_of(host: &Text, env: &mut Env<'_>) -> Option<Name> {
    let fixed = host.fixed();
    let good = fixed.as_ref().is_some_and(|host| {
        !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c))
    });
    if !good {
        env.report(
            Report::new(Code::BadSetting, host.at, "`private` lists hosts")
                .label("not a host")
                .help("write host names or addresses without scheme and path: `\"warehouse.internal\"`"),
        );
    }
    fixed.filter(|_| good).map(Name::from)
}
