//! How a connection proves who we are: each way has the parts that it needs, and no secret stands in the file.

use graph::{
    Auth, ClientProof, Name, OAuth2, Setting,
    auth::{Aws, Jwt},
};

use super::{
    connection::{setting, url},
    scope::Env,
    token,
};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{self, Parts, SettingSource},
    },
};

/// Checks the `auth` of a connection.
pub(super) fn check(at: At, auth: &ast::Auth, env: &mut Env<'_>) -> Auth {
    match auth {
        ast::Auth::None => Auth::None,
        ast::Auth::Bearer(token) => Auth::Bearer(secret(token, "the token", env)),
        ast::Auth::Token(call) => token::check(call, env),
        ast::Auth::Parts(parts) => {
            let made = match &*parts.way.text {
                "basic" => parts.given("user").zip(parts.given("password")).map(|(user, password)| {
                    Auth::Basic { user: setting(user, env), password: password_of(password, env) }
                }),
                "bearer" => parts.given("token").map(|token| Auth::Bearer(secret(token, "the token", env))),
                "oauth2" => return oauth2(parts, env),
                "jwt" => return jwt(parts, env).map_or(Auth::None, |way| Auth::Jwt(Box::new(way))),
                "aws" => return aws(parts, env).map_or(Auth::None, |way| Auth::Aws(Box::new(way))),
                _ => api_key(parts.given("header"), parts.given("query"), parts.given("key"), env),
            };
            made.unwrap_or_else(|| {
                let example = match &*parts.way.text {
                    "basic" => "basic { user: \"…\", password: secret(\"NAME\") }",
                    "bearer" => "bearer secret(\"NAME\")",
                    _ => "api_key { header: \"X-Key\", key: secret(\"NAME\") }",
                };
                env.report(
                    Report::new(Code::BadSetting, at, format!("`{}` is not complete", parts.way.text))
                        .label("something is missing")
                        .help(format!("write `{example}`")),
                );
                Auth::None
            })
        }
    }
}

/// What must not be readable in the file.
pub(super) fn secret(written: &ast::Setting, what: &str, env: &mut Env<'_>) -> Setting {
    if written.source == SettingSource::Text && written.text.fixed().is_some() {
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

/// A password, or `""` where a partner wants none beside the user.
fn password_of(written: &ast::Setting, env: &mut Env<'_>) -> Setting {
    if written.source == SettingSource::Text && written.text.parts.is_empty() {
        return Setting::Text("".into());
    }
    secret(written, "the password", env)
}

fn oauth2(parts: &Parts, env: &mut Env<'_>) -> Auth {
    let token_url = needed(parts, "token_url", "\"https://login.example.com/token\"", env);
    let token_url = token_url.map(|written| url(written, "#", env));
    let client_id = needed(parts, "client_id", "env(\"NAME\")", env).map(|id| setting(id, env));
    let proof = proof(parts, env);
    let mut optional = |name: &str| parts.given(name).map(|written| setting(written, env));
    let (scope, audience) = (optional("scope"), optional("audience"));
    let refresh_token = parts.given("refresh_token").map(|token| secret(token, "the refresh token", env));
    match (token_url, client_id, proof) {
        (Some(token_url), Some(client_id), Some(proof)) => {
            Auth::OAuth2(Box::new(OAuth2 { token_url, client_id, proof, scope, audience, refresh_token }))
        }
        _ => Auth::None,
    }
}

/// A token that we sign ourselves.
fn jwt(parts: &Parts, env: &mut Env<'_>) -> Option<Jwt> {
    let key = needed(parts, "private_key", "secret(\"NAME\")", env);
    let private_key = key.map(|key| secret(key, "the private key", env));
    let issuer = needed(parts, "issuer", "env(\"NAME\")", env).map(|issuer| setting(issuer, env));
    let mut optional = |name: &str| parts.given(name).map(|written| setting(written, env));
    let [key_id, subject, audience] = ["key_id", "subject", "audience"].map(&mut optional);
    Some(Jwt { private_key: private_key?, key_id, issuer: issuer?, subject, audience })
}

/// Who we are at AWS.
fn aws(parts: &Parts, env: &mut Env<'_>) -> Option<Aws> {
    let access_key = needed(parts, "access_key", "env(\"NAME\")", env).map(|key| setting(key, env));
    let key = needed(parts, "secret_key", "secret(\"NAME\")", env);
    let secret_key = key.map(|key| secret(key, "the secret access key", env));
    let region = needed(parts, "region", "\"eu-central-1\"", env).map(|region| setting(region, env));
    let service = needed(parts, "service", "\"ses\"", env).map(|service| setting(service, env));
    let token = parts.given("session_token");
    let session_token = token.map(|token| secret(token, "the token of the session", env));
    Some(Aws {
        access_key: access_key?,
        secret_key: secret_key?,
        session_token,
        region: region?,
        service: service?,
    })
}

/// How the client proves who it is: a password or a key, and what belongs to that.
fn proof(parts: &Parts, env: &mut Env<'_>) -> Option<ClientProof> {
    let password = parts.given("client_secret").map(|written| secret(written, "the client's secret", env));
    let key = parts.given("private_key").map(|written| secret(written, "the private key", env));
    let mut misplaced = |names: &[&str], of: &str| {
        let words = parts.words.iter().filter(|(_, word)| &*word.text != "credentials");
        let given = parts.given.iter().map(|(name, _)| name).chain(words.map(|(name, _)| name));
        for name in given.filter(|name| names.contains(&&*name.text)) {
            env.report(
                Report::new(Code::BadSetting, name.at, format!("`{}` belongs to `{of}`", name.text))
                    .label(format!("there is no `{of}`"))
                    .help(format!("leave it out, or give `{of}`")),
            );
        }
    };
    match (password, key) {
        (Some(password), None) => {
            misplaced(&["key_id", "assertion_for", "grant", "subject"], "private_key");
            let in_body = parts.word("send").is_some_and(|(_, word)| word == "body");
            Some(if in_body { ClientProof::Body(password) } else { ClientProof::Basic(password) })
        }
        (None, Some(private_key)) => {
            let granted = parts.word("grant").is_some_and(|(_, word)| word == "assertion");
            if !granted {
                misplaced(&["subject"], "grant: assertion");
            }
            let mut optional = |name: &str| parts.given(name).map(|written| setting(written, env));
            let [key_id, assertion_for, subject] = ["key_id", "assertion_for", "subject"].map(&mut optional);
            if let Some((name, _)) = parts.word("send") {
                env.report(
                    Report::new(Code::BadSetting, name.at, "`send` says how a `client_secret` is sent")
                        .label("there is none")
                        .help("leave it out: what is signed with the `private_key` is sent in the body"),
                );
            }
            let beside = parts.given.iter().find(|(name, _)| granted && &*name.text == "refresh_token");
            if let Some((name, _)) = beside {
                env.report(
                    Report::new(
                        Code::BadSetting,
                        name.at,
                        "a token is asked for by an assertion or a refresh token",
                    )
                    .label("there is `grant: assertion` too")
                    .help("leave one of them out"),
                );
            }
            Some(if granted {
                ClientProof::Grant { private_key, key_id, assertion_for, subject }
            } else {
                ClientProof::Assertion { private_key, key_id, assertion_for }
            })
        }
        (both, _) => {
            let (message, help) = match both {
                Some(_) => ("`oauth2` has a `client_secret` and a `private_key`", "give one of them"),
                None => (
                    "`oauth2` has neither `client_secret` nor `private_key`",
                    "add `client_secret: secret(\"NAME\")`, or `private_key: secret(\"NAME\")` to sign assertions",
                ),
            };
            env.report(Report::new(Code::BadSetting, parts.way.at, message).label("who are we?").help(help));
            None
        }
    }
}

/// A part that a way cannot do without.
pub(super) fn needed<'a>(
    parts: &'a Parts,
    name: &str,
    example: &str,
    env: &mut Env<'_>,
) -> Option<&'a ast::Setting> {
    let found = parts.given(name);
    if found.is_none() {
        env.report(
            Report::new(Code::BadSetting, parts.way.at, format!("`{}` has no `{name}`", parts.way.text))
                .label("something is missing")
                .help(format!("add `{name}: {example}`")),
        );
    }
    found
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
