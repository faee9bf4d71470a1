//! How a connection proves who we are, and how it signs: ways with parts, `name: value`.

use nom::{
    Parser as _,
    combinator::{cut, opt},
};

use super::{P, R, connection::setting, ident, tag, token};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{Auth, Ident, Parts, Sign},
    },
};

const WAYS: &str = "`none`, `basic`, `bearer`, `api_key`, `oauth2`, `jwt`, `aws` or `token`";
const SIGNS: &str = "`hmac` or `standard_webhooks`";

/// Behind `auth:`.
pub(super) fn auth(input: P<'_>) -> R<'_, Auth> {
    let (rest, way) = ident(WAYS)(input)?;
    match &*way.text {
        "none" => Ok((rest, Auth::None)),
        "bearer" if !rest.is("{") => {
            let (rest, token) = cut(setting).parse(rest)?;
            Ok((rest, Auth::Bearer(token)))
        }
        "basic" | "bearer" | "api_key" | "oauth2" | "jwt" | "aws" => {
            let (rest, parts) = parts(rest, way)?;
            Ok((rest, Auth::Parts(parts)))
        }
        "token" => {
            let (rest, call) = token::call(rest, way)?;
            Ok((rest, Auth::Token(Box::new(call))))
        }
        _ => input.error(WAYS),
    }
}

/// Behind `sign:`.
pub(super) fn sign(input: P<'_>) -> R<'_, Sign> {
    let (rest, way) = ident(SIGNS)(input)?;
    match &*way.text {
        "hmac" => {
            let (rest, parts) = parts(rest, way)?;
            Ok((rest, Sign::Hmac(parts)))
        }
        "standard_webhooks" => {
            let (rest, secret) = cut(setting).parse(rest)?;
            Ok((rest, Sign::StandardWebhooks(secret)))
        }
        _ => input.error(SIGNS),
    }
}

/// What a part is whose value is one of a few words.
fn words_of(way: &str, name: &str) -> Option<(&'static [&'static str], &'static str)> {
    Some(match (way, name) {
        ("oauth2", "send") => (&["basic", "body"], "`basic` or `body`"),
        ("oauth2", "grant") => (&["credentials", "assertion"], "`credentials` or `assertion`"),
        ("hmac", "algorithm") => (&["sha256", "sha512", "sha1"], "`sha256`, `sha512` or `sha1`"),
        ("hmac", "encoding") => (&["hex", "base64"], "`hex` or `base64`"),
        ("tls", "ca_only") => (&["true", "false"], "`true` or `false`"),
        _ => return None,
    })
}

/// `{ name: value, … }` behind the name of a way.
pub(super) fn parts(input: P<'_>, way: Ident) -> R<'_, Parts> {
    let (mut rest, _) = cut(tag!("{")).parse(input)?;
    let mut parts = Parts { way, given: Vec::new(), words: Vec::new() };
    while !rest.is("}") {
        rest = part(rest, &mut parts)?.0;
        rest = opt(tag!(",")).parse(rest)?.0;
    }
    Ok((nom::Input::take_from(&rest, 1), parts))
}

/// `name: value`; one that the way does not have is reported and passed over.
fn part<'a>(input: P<'a>, parts: &mut Parts) -> R<'a, ()> {
    let (rest, name) = cut(ident("the name of a part or `}`")).parse(input)?;
    let (way, names) = (&parts.way.text, Parts::names_of(&parts.way.text));
    if !names.contains(&&*name.text) {
        let list: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        input.report(
            Report::new(Code::BadSetting, name.at, format!("`{way}` has no `{}`", name.text))
                .label("unknown part")
                .help(format!("its parts are {}", list.join(", ")))
                .did_you_mean(name.at, &name.text, names.iter().copied()),
        );
    }
    let given = parts.given.iter().map(|(before, _)| before);
    let known = given.chain(parts.words.iter().map(|(before, _)| before));
    if let Some(before) = known.into_iter().find(|before| before.text == name.text) {
        input.report(twice(&name, before.at));
    }
    let (rest, _) = cut(tag!(":")).parse(rest)?;
    if let Some((words, shown)) = words_of(way, &name.text) {
        if !words.contains(&rest.peek(0)) {
            return cut(|rest: P<'a>| rest.error(shown)).parse(rest);
        }
        let (rest, word) = cut(ident(shown)).parse(rest)?;
        parts.words.push((name, word));
        return Ok((rest, ()));
    }
    let (rest, value) = cut(setting).parse(rest)?;
    parts.given.push((name, value));
    Ok((rest, ()))
}

pub(super) fn twice(word: &Ident, before: At) -> Report {
    Report::new(Code::DuplicateName, word.at, format!("`{}` is set twice", word.text))
        .label("set again here")
        .related(before, "first set here")
}
