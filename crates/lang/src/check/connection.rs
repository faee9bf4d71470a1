//! Connections: settings with their defaults; a secret is never written in the file.

use graph::{Auth, Connection, Name, Setting};

use super::scope::Env;
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{self, SettingSource, Text},
    },
};

/// Checks a connection.
pub(crate) fn check(connection: &ast::Connection, doc: Option<&Name>, env: &mut Env<'_>) -> Connection {
    let url = match &connection.url {
        Some(setting) => url(setting, env),
        None => {
            env.report(
                Report::new(
                    Code::BadSetting,
                    connection.name.at,
                    format!("the connection `{}` has no `url`", connection.name.text),
                )
                .label("where is it?")
                .help("add `url: \"https://…\"`"),
            );
            Setting::Text("".into())
        }
    };
    let auth = connection.auth.as_ref().map_or(Auth::None, |(at, auth)| self::auth(*at, auth, env));
    let each = connection.each.map_or(Connection::TIMEOUT_EACH, |(_, micros)| micros);
    let total = connection.total.map_or(Connection::TIMEOUT_TOTAL.max(each), |(_, micros)| micros);
    limits(connection, each, total, env);
    Connection {
        name: connection.name.text.clone(),
        url,
        auth,
        timeout_each: each,
        timeout_total: total,
        retry: connection.retry.map_or(Connection::RETRY, |(_, retry)| retry),
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
    if let Some((at, retry)) = connection.retry {
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
    }
}

fn setting(setting: &ast::Setting, env: &mut Env<'_>) -> Setting {
    let Some(text) = setting.text.fixed() else {
        env.report(
            Report::new(Code::BadTemplate, setting.at, "a connection's settings have no holes")
                .label("fixed text only")
                .help("a connection serves everybody; put what differs into the action"),
        );
        return Setting::Text("".into());
    };
    if setting.source == SettingSource::Text {
        return Setting::Text(text.into());
    }
    let named = !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !named {
        env.report(
            Report::new(
                Code::BadSetting,
                setting.at,
                format!("`{text}` cannot be the name of an environment variable"),
            )
            .label("not a name")
            .help("names have letters, digits and `_`, such as `REWARDS_TOKEN`"),
        );
    }
    if setting.source == SettingSource::Env {
        Setting::Env(text.into())
    } else {
        Setting::Secret(text.into())
    }
}

fn url(written: &ast::Setting, env: &mut Env<'_>) -> Setting {
    let made = setting(written, env);
    let Setting::Text(text) = &made else { return made };
    if text.is_empty() && written.text.fixed().is_none() {
        return made;
    }
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    match host {
        Some(host) if host.contains('@') => env.report(
            Report::new(Code::SecretInText, written.at, "a URL must not carry a user or a password")
                .label("credentials inside")
                .help("say `auth: basic { user: \"…\", password: secret(\"NAME\") }`"),
        ),
        Some(host) if !host.is_empty() && !text.contains(['?', '#', ' ']) => {}
        _ => env.report(
            Report::new(Code::BadSetting, written.at, format!("`{text}` is not the address of a server"))
                .label("not a URL")
                .help("write scheme and host, perhaps with a path: `\"https://api.example.com\"`"),
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

/// What must not be readable in the file.
fn secret(written: &ast::Setting, what: &str, env: &mut Env<'_>) -> Setting {
    if written.source == SettingSource::Text {
        env.report(
            Report::new(Code::SecretInText, written.at, format!("{what} must not stand in the file"))
                .label("a secret in plain text")
                .help("keep it in the environment and name it here: `secret(\"NAME\")`")
                .fix(written.at, "secret(\"NAME\")"),
        );
        return Setting::Secret("".into());
    }
    setting(written, env)
}

fn auth(at: At, auth: &ast::Auth, env: &mut Env<'_>) -> Auth {
    match auth {
        ast::Auth::None => Auth::None,
        ast::Auth::Bearer(token) => Auth::Bearer(secret(token, "the token", env)),
        ast::Auth::Parts(way, parts) => {
            let wanted: &[&str] = match &*way.text {
                "basic" => &["user", "password"],
                "bearer" => &["token"],
                _ => &["header", "query", "key"],
            };
            for (name, _) in parts {
                if !wanted.contains(&&*name.text) {
                    let list: Vec<String> = wanted.iter().map(|name| format!("`{name}`")).collect();
                    env.report(
                        Report::new(
                            Code::BadSetting,
                            name.at,
                            format!("`{}` has no `{}`", way.text, name.text),
                        )
                        .label("unknown setting")
                        .help(format!("its settings are {}", list.join(", ")))
                        .did_you_mean(name.at, &name.text, wanted.iter().copied()),
                    );
                }
            }
            let part =
                |name: &str| parts.iter().find(|(known, _)| &*known.text == name).map(|(_, value)| value);
            let made = match &*way.text {
                "basic" => part("user").zip(part("password")).map(|(user, password)| Auth::Basic {
                    user: setting(user, env),
                    password: secret(password, "the password", env),
                }),
                "bearer" => part("token").map(|token| Auth::Bearer(secret(token, "the token", env))),
                _ => api_key(part("header"), part("query"), part("key"), env),
            };
            made.unwrap_or_else(|| {
                let example = match &*way.text {
                    "basic" => "basic { user: \"…\", password: secret(\"NAME\") }",
                    "bearer" => "bearer secret(\"NAME\")",
                    _ => "api_key { header: \"X-Key\", key: secret(\"NAME\") }",
                };
                env.report(
                    Report::new(Code::BadSetting, at, format!("`{}` is not complete", way.text))
                        .label("something is missing")
                        .help(format!("write `{example}`")),
                );
                Auth::None
            })
        }
    }
}

fn api_key(
    header: Option<&ast::Setting>,
    query: Option<&ast::Setting>,
    key: Option<&ast::Setting>,
    env: &mut Env<'_>,
) -> Option<Auth> {
    let key = secret(key?, "the key", env);
    let name = |written: &ast::Setting| Name::from(written.text.fixed().unwrap_or_default());
    match (header, query) {
        (Some(header), None) => Some(Auth::HeaderKey { header: name(header), key }),
        (None, Some(query)) => Some(Auth::QueryKey { parameter: name(query), key }),
        _ => None,
    }
}
