//! Connections to mail servers: where one is, who mails are from, how they are signed.

use graph::{Dkim, Mailer, Setting};

use super::{
    auth::secret,
    connection::{fixed_only, setting},
    scope::Env,
};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{self, Auth, Parts},
    },
};

/// What a connection knows of mail, if it is one to a mail server.
pub(super) fn check(connection: &ast::Connection, env: &mut Env<'_>) -> Option<Mailer> {
    let Some(smtp) = &connection.smtp else {
        let from = connection.from.as_ref().map(|from| ("from", from.at));
        let dkim = connection.dkim.as_ref().map(|dkim| ("dkim", dkim.way.at));
        for (name, at) in from.into_iter().chain(dkim) {
            env.report(
                Report::new(Code::BadSetting, at, format!("`{name}` belongs to a mail server"))
                    .label("this connection speaks HTTP")
                    .help("say where the mail server is: `smtp: \"smtps://mail.example.com\"`"),
            );
        }
        return None;
    };
    misplaced(connection, env);
    let from = match &connection.from {
        Some(from) => sender(from, env),
        None => {
            env.report(
                Report::new(Code::BadSetting, smtp.at, "nothing says who the mails are from")
                    .label("no `from`")
                    .help(format!(
                        "add `from: \"Shop <shop@example.com>\"` to the connection `{}`",
                        connection.name.text
                    )),
            );
            Setting::Text("".into())
        }
    };
    Some(Mailer { from, dkim: connection.dkim.as_ref().and_then(|parts| dkim(parts, env)) })
}

/// What only HTTP has.
fn misplaced(connection: &ast::Connection, env: &mut Env<'_>) {
    let mut refuse = |at: At, message: &str, label: &str, help: &str| {
        env.report(Report::new(Code::BadSetting, at, message).label(label).help(help));
    };
    if let Some(url) = &connection.url {
        let help = "a connection speaks HTTP or SMTP; declare a second one for the other";
        refuse(url.at, "a connection has a `url` or `smtp`, not both", "a second address", help);
    }
    match &connection.auth {
        None | Some((_, Auth::None)) => {}
        Some((_, Auth::Parts(parts))) if &*parts.way.text == "basic" => {}
        Some((at, Auth::Bearer(_) | Auth::Token(_) | Auth::Parts(_))) => refuse(
            *at,
            "a mail server knows accounts by a name and a password",
            "only for HTTP",
            "write `auth: basic { user: env(\"NAME\"), password: secret(\"NAME\") }`",
        ),
    }
    if let Some(ast::Sign::Hmac(parts)) = &connection.sign {
        refuse(parts.way.at, "`sign` is for requests", "only for HTTP", "mails are signed by `dkim: { … }`");
    }
    if let Some(ast::Sign::StandardWebhooks(secret)) = &connection.sign {
        refuse(secret.at, "`sign` is for requests", "only for HTTP", "mails are signed by `dkim: { … }`");
    }
}

/// The address of a mail server: scheme, host, perhaps a port.
pub(super) fn address(written: &ast::Setting, env: &mut Env<'_>) -> Setting {
    let made = setting(written, env);
    let text = match &made {
        Setting::Text(_) if written.text.fixed().is_none() => return made,
        Setting::Text(text) => text.clone(),
        Setting::Joined(_) => return fixed_only(written.at, env),
        Setting::Env(_) | Setting::Secret(_) => return made,
    };
    let rest = text.strip_prefix("smtps://").or_else(|| text.strip_prefix("smtp://"));
    let host = rest.map(|rest| rest.strip_suffix('/').unwrap_or(rest));
    let odd = |c: char| !(c.is_alphanumeric() || ".-:[]".contains(c));
    match host {
        Some(host) if host.contains('@') => env.report(
            Report::new(Code::SecretInText, written.at, "an address must not carry a user or a password")
                .label("credentials inside")
                .help("say `auth: basic { user: \"…\", password: secret(\"NAME\") }`"),
        ),
        Some(host) if !host.is_empty() && !host.contains(odd) => {}
        _ => env.report(
            Report::new(Code::BadSetting, written.at, format!("`{text}` is not the address of a mail server"))
                .label("not a mail server")
                .help("write `\"smtps://mail.example.com\"` for TLS from the beginning (port 465), or `\"smtp://…\"` for STARTTLS (587)"),
        ),
    }
    made
}

/// Who mails are from: an address, perhaps with a name before it.
fn sender(written: &ast::Setting, env: &mut Env<'_>) -> Setting {
    let made = setting(written, env);
    if let Setting::Text(text) = &made
        && written.text.fixed().is_some()
        && !is_address(text)
    {
        env.report(
            Report::new(Code::BadSetting, written.at, format!("`{text}` is no address"))
                .label("not an address")
                .help("write `\"shop@example.com\"` or `\"Shop <shop@example.com>\"`"),
        );
    }
    made
}

/// Whether a text may be an address; all of it is known when a mail is written.
fn is_address(text: &str) -> bool {
    let address =
        text.strip_suffix('>').map_or(Some(text), |rest| rest.rsplit_once('<').map(|(_, inside)| inside));
    let parts = address.and_then(|address| address.trim().rsplit_once('@'));
    let good =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || "<>,;".contains(c));
    parts.is_some_and(|(local, domain)| good(local) && good(domain)) && !text.contains(char::is_control)
}

fn dkim(parts: &Parts, env: &mut Env<'_>) -> Option<Dkim> {
    let (domain, selector, key) = (parts.given("domain"), parts.given("selector"), parts.given("key"));
    let (Some(domain), Some(selector), Some(key)) = (domain, selector, key) else {
        let example = "dkim: { domain: \"example.com\", selector: \"s1\", key: secret(\"NAME\") }";
        env.report(
            Report::new(Code::BadSetting, parts.way.at, "`dkim` is not complete")
                .label("something is missing")
                .help(format!("write `{example}`")),
        );
        return None;
    };
    for one in [domain, selector] {
        let odd = |c: char| !(c.is_ascii_alphanumeric() || ".-_".contains(c));
        if let Some(text) = one.text.fixed().filter(|text| text.is_empty() || text.contains(odd)) {
            env.report(
                Report::new(Code::BadSetting, one.at, format!("`{text}` is no part of a domain's name"))
                    .label("not a name")
                    .help("the public key is looked for at `SELECTOR._domainkey.DOMAIN`"),
            );
        }
    }
    let key = secret(key, "the private key", env);
    Some(Dkim { domain: setting(domain, env), selector: setting(selector, env), key })
}
