//! `token { … }`: a request that is answered with a token, written as in an action, and what to do with the answer.

use nom::{Input as _, Parser as _, combinator::cut};

use super::{P, R, action, auth::twice, connection::setting, expr::duration, tag, text};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        ast::{Expires, Found, Ident, RequestParts, SendAs, TokenCall},
        token::Kind,
    },
};

const PARTS: [&str; 10] =
    ["token", "expires", "send", "header", "query", "json", "xml", "form", "multipart", "text"];

/// Behind the word `token`.
pub(super) fn call(input: P<'_>, way: Ident) -> R<'_, TokenCall> {
    let (input, _) = cut(tag!("{")).parse(input)?;
    let (input, method) = cut(action::method).parse(input)?;
    let (mut input, url) = cut(setting).parse(input)?;
    let sent = RequestParts::default();
    let mut made = TokenCall { way, method, url, sent, token: None, expires: None, send: None };
    while !input.is("}") {
        input = part(input, &mut made)?.0;
    }
    Ok((input.take_from(1), made))
}

fn part<'a>(input: P<'a>, made: &mut TokenCall) -> R<'a, ()> {
    let at = input.at();
    let behind = |input: P<'a>| cut(tag!(":")).parse(input.take_from(1)).map(|(rest, _)| rest);
    let (rest, before) = match input.peek(0) {
        "token" => {
            let (rest, found) = cut(found).parse(behind(input)?)?;
            (rest, made.token.replace((at, found)).map(|(at, _)| at))
        }
        "expires" => {
            let (rest, expires) = cut(expires).parse(behind(input)?)?;
            (rest, made.expires.replace((at, expires)).map(|(at, _)| at))
        }
        "send" => {
            let (rest, send) = cut(send).parse(behind(input)?)?;
            (rest, made.send.replace((at, send)).map(|(at, _)| at))
        }
        "header" | "query" | "json" | "xml" | "form" | "multipart" | "text" => {
            return action::part(input, &mut made.sent);
        }
        _ => return cut(unknown).parse(input),
    };
    if let Some(before) = before {
        input.report(twice(&Ident { text: input.peek(0).into(), at }, before));
    }
    Ok((rest, ()))
}

fn unknown(input: P<'_>) -> R<'_, ()> {
    let Some(word) = input.first().filter(|token| token.kind == Kind::Word) else {
        return input.error("`token`, `expires`, `send`, `header`, `query`, `json`, `form`, `text` or `}`");
    };
    let list: Vec<String> = PARTS.iter().map(|name| format!("`{name}`")).collect();
    input.refuse(
        Report::new(Code::BadSetting, word.at, format!("`token` has no `{}`", word.text))
            .label("unknown part")
            .help(format!("its parts are {}", list.join(", ")))
            .did_you_mean(word.at, word.text, PARTS.into_iter()),
    )
}

/// `"data.token"` or `header "X-Token"`.
fn found(input: P<'_>) -> R<'_, Found> {
    if input.is("header") {
        let (rest, name) = cut(text("the name of a header, in quotes")).parse(input.take_from(1))?;
        return Ok((rest, Found::Header(name)));
    }
    let (rest, path) = text("where the token is, such as `\"data.token\"`, or `header`")(input)?;
    Ok((rest, Found::Field(path)))
}

/// `"data.expiresIn"`, perhaps with a unit, or a duration.
fn expires(input: P<'_>) -> R<'_, Expires> {
    const SECOND: i64 = 1_000_000;
    if input.first().is_some_and(|token| token.kind == Kind::Number) {
        let (rest, micros) = duration(input)?;
        return Ok((rest, Expires::Fixed(micros)));
    }
    let (rest, path) = text("a duration, or where it is, such as `\"data.expiresIn\"`")(input)?;
    let written: &[(&str, i64)] = &[("milliseconds", 1_000), ("seconds", SECOND), ("minutes", 60 * SECOND)];
    match written.iter().find(|(word, _)| rest.is(word)) {
        Some((_, micros)) => Ok((rest.take_from(1), Expires::Field(path, *micros))),
        None => Ok((rest, Expires::Field(path, SECOND))),
    }
}

/// `bearer`, `header "X-Session": "{{ token }}"` or `query "session"`.
fn send(input: P<'_>) -> R<'_, SendAs> {
    match input.peek(0) {
        "bearer" => Ok((input.take_from(1), SendAs::Bearer)),
        "header" => {
            let (rest, name) = cut(text("the name of a header, in quotes")).parse(input.take_from(1))?;
            let (rest, _) = cut(tag!(":")).parse(rest)?;
            let (rest, value) = cut(text("its value, such as `\"{{ token }}\"`")).parse(rest)?;
            Ok((rest, SendAs::Header(name, value)))
        }
        "query" => {
            let (rest, name) = cut(text("the name of a parameter, in quotes")).parse(input.take_from(1))?;
            Ok((rest, SendAs::Query(name)))
        }
        _ => input.error("`bearer`, `header` or `query`"),
    }
}
