//! `action name(…) -> T { METHOD connection "path" … }`. A JSON body is taken from the source as it stands.

use nom::{Input as _, Parser as _, combinator::cut};

use super::{
    P, R,
    expr::{duration, expression},
    ident, many, policy, tag, text, types,
};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{Action, Answers, Body, DeclKind, Expr, FormPart, Ident, RequestParts, StatusAnswer},
        template::{self, Form},
        token::Kind,
    },
};

/// What stands behind `text`, and `as` in a multipart body.
const MEDIA_TYPE: &str = "a content type such as `\"text/plain\"`";

/// The methods an action may use.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];

/// Behind the word `action`.
pub(crate) fn action(input: P<'_>) -> R<'_, DeclKind> {
    let (input, name) = cut(ident("the name of the action")).parse(input)?;
    let (mut input, params) = types::params(input)?;
    let mut answer = None;
    if input.is("->") {
        let (rest, answers) = answers(input.take_from(1))?;
        answer = Some(answers);
        input = rest;
    }
    let mut error = None;
    if input.is("fails") {
        let (rest, _) = cut(tag!("with")).parse(input.take_from(1))?;
        let (rest, ty) = cut(types::type_expr).parse(rest)?;
        error = Some(ty);
        input = rest;
    }
    let (input, policy) = policy::under(input)?;
    let (input, _) = cut(tag!("{")).parse(input)?;
    let (input, method) = cut(method).parse(input)?;
    let (input, connection) = cut(ident("the name of a connection")).parse(input)?;
    let (mut input, path) = cut(text("a path such as `\"/orders\"`")).parse(input)?;
    let sent = RequestParts::default();
    let mut made =
        Action { name, params, answer, error, policy, method, connection, path, sent, cache: None };
    while !input.is("}") {
        let rest = if input.is("cache") {
            let (rest, micros) = cut(duration).parse(input.take_from(1))?;
            let again = made.cache.replace((input.until(&rest), micros));
            if again.is_some() {
                let report = Report::new(Code::DuplicateName, input.at(), "`cache` is said twice");
                input.report(report.label("second time"));
            }
            rest
        } else {
            part(input, &mut made.sent)?.0
        };
        input = rest;
    }
    Ok((input.take_from(1), DeclKind::Action(Box::new(made))))
}

/// A type, or one for each status: `200, 201 { … } | 404 { … } | 204 nothing`.
fn answers(input: P<'_>) -> R<'_, Answers> {
    if input.first().is_none_or(|token| token.kind != Kind::Number) {
        let (input, ty) = cut(types::type_expr).parse(input)?;
        return Ok((input, Answers::Body(ty)));
    }
    let mut cases = Vec::new();
    let mut rest = input;
    loop {
        let (after, case) = cut(status_answer).parse(rest)?;
        cases.push(case);
        if !after.is("|") {
            return Ok((after, Answers::ByStatus(cases)));
        }
        rest = after.take_from(1);
    }
}

fn status_answer(input: P<'_>) -> R<'_, StatusAnswer> {
    let (mut input, first) = status(input)?;
    let mut statuses = vec![first];
    while input.is(",") {
        let (rest, next) = cut(status).parse(input.take_from(1))?;
        statuses.push(next);
        input = rest;
    }
    if input.is("nothing") {
        return Ok((input.take_from(1), StatusAnswer { statuses, body: None }));
    }
    if input.first().is_none_or(|token| matches!(token.text, "|" | "fails" | "under")) {
        return input.error("the type of the body, or `nothing`");
    }
    let (input, body) = cut(types::one_type).parse(input)?;
    Ok((input, StatusAnswer { statuses, body: Some(body) }))
}

/// The status of an answer.
pub(crate) fn status(input: P<'_>) -> R<'_, (At, u16)> {
    let status = input.first().filter(|token| token.kind == Kind::Number);
    match status.and_then(|token| token.text.parse().ok()).filter(|status| (200..600).contains(status)) {
        Some(status) => Ok((input.take_from(1), (input.at(), status))),
        None => input.error("a status from 200 to 599"),
    }
}

pub(crate) fn method(input: P<'_>) -> R<'_, Ident> {
    const WANTED: &str = "a method (`GET`, `POST`, `PUT`, `PATCH`, `DELETE`, `HEAD` or `OPTIONS`)";
    match input.first() {
        Some(token) if METHODS.contains(&token.text) => ident(WANTED)(input),
        _ => input.error(WANTED),
    }
}

/// A part of a request besides its method and URL.
pub(crate) fn part<'a>(input: P<'a>, made: &mut RequestParts) -> R<'a, ()> {
    match input.peek(0) {
        "header" | "query" => {
            let (rest, name) = cut(text("a name in quotes")).parse(input.take_from(1))?;
            let (rest, _) = cut(tag!(":")).parse(rest)?;
            let (rest, value) = cut(text("a text")).parse(rest)?;
            if input.is("header") {
                made.headers.push((name, value))
            } else {
                made.query.push((name, value))
            }
            Ok((rest, ()))
        }
        "json" | "xml" | "form" | "multipart" | "text" => {
            let (rest, body) = body(input)?;
            if made.body.is_some() {
                input.report(
                    Report::new(Code::DuplicateName, input.at(), "this request has two bodies")
                        .label("second body"),
                );
            }
            made.body = Some(body);
            Ok((rest, ()))
        }
        _ => cut(|input: P<'a>| {
            input.error("`header`, `query`, `json`, `xml`, `form`, `multipart`, `text`, `cache` or `}`")
        })
        .parse(input),
    }
}

/// A body, from the word that says what it is.
fn body(input: P<'_>) -> R<'_, Body> {
    let behind = input.take_from(1);
    match input.peek(0) {
        "json" => json(behind),
        "xml" => {
            let (rest, content) = cut(text("the document, in quotes")).parse(behind)?;
            Ok((rest, Body::Xml(content)))
        }
        "form" | "multipart" => {
            let (rest, _) = cut(tag!("{")).parse(behind)?;
            let (rest, body) = if input.is("form") {
                let (rest, fields) = cut(named_values).parse(rest)?;
                (rest, Body::Form(fields))
            } else {
                let (rest, parts) = cut(many(form_part, "}")).parse(rest)?;
                (rest, Body::Multipart(input.at(), parts))
            };
            let (rest, _) = cut(tag!("}")).parse(rest)?;
            Ok((rest, body))
        }
        _ => {
            let (rest, kind) = cut(text(MEDIA_TYPE)).parse(behind)?;
            let (rest, content) = cut(text("the text")).parse(rest)?;
            Ok((rest, Body::Text(kind, content)))
        }
    }
}

/// `name: value as "text/csv" named "file.csv"`
fn form_part(input: P<'_>) -> R<'_, FormPart> {
    let (input, (name, value)) = named_value(input)?;
    let mut part = FormPart { name, value, content_type: None, file_name: None };
    let mut input = input;
    // `as: …` is the next part.
    if input.is("as") && input.peek(1) != ":" {
        let (rest, kind) = cut(text(MEDIA_TYPE)).parse(input.take_from(1))?;
        part.content_type = Some(kind);
        input = rest;
    }
    if input.is("named") && input.peek(1) != ":" {
        let (rest, name) = cut(text("the name of a file, in quotes")).parse(input.take_from(1))?;
        part.file_name = Some(name);
        input = rest;
    }
    Ok((input, part))
}

/// `name: value` with commas or line breaks between.
pub(crate) fn named_values(input: P<'_>) -> R<'_, Vec<(Ident, Expr)>> {
    many(named_value, "}")(input)
}

fn named_value(input: P<'_>) -> R<'_, (Ident, Expr)> {
    let (input, name) = ident("a name")(input)?;
    let (input, _) = cut(tag!(":")).parse(input)?;
    let (input, value) = cut(expression).parse(input)?;
    Ok((input, (name, value)))
}

/// The raw text from a bracket to the one that closes it: braces of holes are balanced, so counting is enough.
fn json(input: P<'_>) -> R<'_, Body> {
    if !input.is("{") && !input.is("[") {
        return cut(wanted_bracket).parse(input);
    }
    let mut depth = 0_usize;
    for (index, token) in input.tokens.iter().enumerate() {
        match (token.kind, token.text) {
            (Kind::Symbol, "{" | "[") => depth += 1,
            (Kind::Symbol, "}" | "]") => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            let at = At { end: token.at.end, ..input.at() };
            let indent = indent_of(input.cx.source, token.at.start as usize);
            let text = template::read(input.cx.source, at, Form::Json { indent }, input.cx.shared);
            return Ok((input.take_from(index + 1), Body::Json(text)));
        }
    }
    input.refuse(Report::new(Code::Syntax, input.at(), "this bracket is never closed").label("opened here"))
}

/// How far a closing bracket is indented, if it is the first on its line.
pub(crate) fn indent_of(source: &str, at: usize) -> usize {
    let before = source.get(..at).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    if line.trim().is_empty() { line.len() } else { 0 }
}

fn wanted_bracket(input: P<'_>) -> R<'_, Body> {
    input.error("`{` or `[`")
}
