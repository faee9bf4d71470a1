//! `test "name" { … }`: what is set up, what is played, what is expected.

use graph::{ErrorKind, test::Outgoing};
use nom::{Input as _, Parser as _, combinator::cut};

use super::{P, R, action, expr::expression, ident, journey::event_name, others, steps, tag, text, unclosed};
use crate::syntax::{
    ast::{DeclKind, Expect, Expr, Ident, Reply, Test, TestKind, TestLine, Whereabouts},
    token::Kind,
};

const WANTED: &str =
    "a line of a test (`start`, `journey`, `profile`, `set`, `mock`, `event`, `after`, `expect`) or `}`";

/// Behind the word `test`.
pub(crate) fn test(input: P<'_>) -> R<'_, DeclKind> {
    let (mut input, name) = cut(text("what the test shows, in quotes")).parse(input)?;
    let mut rows = None;
    if input.is("for") {
        let (rest, row) = cut(ident("a name for a row")).parse(input.take_from(1))?;
        let (rest, _) = cut(tag!("in")).parse(rest)?;
        let (rest, list) = cut(expression).parse(rest)?;
        rows = Some((row, list));
        input = rest;
    }
    let start = input;
    let (mut input, _) = cut(tag!("{")).parse(input)?;
    let mut lines = Vec::new();
    while input.first().is_some() && !input.is("}") && !super::declare::begins(&input) {
        match line(input) {
            Ok((rest, line)) => {
                lines.push(line);
                input = rest;
            }
            Err(error) => input = steps::skip(input, error, &begins),
        }
    }
    let made = DeclKind::Test(Test { name, rows, lines });
    match tag!("}")(input) {
        Ok((rest, _)) => Ok((rest, made)),
        Err(_) => {
            unclosed::report(&start, &input);
            Ok((input, made))
        }
    }
}

fn begins(input: &P<'_>) -> bool {
    const WORDS: [&str; 8] = ["start", "journey", "profile", "set", "mock", "event", "after", "expect"];
    WORDS.contains(&input.peek(0))
}

fn line(input: P<'_>) -> R<'_, TestLine> {
    let start = input;
    let behind = input.take_from(1);
    let (rest, kind) = match input.peek(0) {
        "start" if !behind.is("at") => {
            let (rest, (journey, input)) = others::started(behind)?;
            (rest, TestKind::StartJourney { journey, input })
        }
        "start" => {
            let (rest, _) = cut(tag!("at")).parse(behind)?;
            let (rest, moment) = cut(text("a moment such as `\"2026-01-05T09:00:00Z\"`")).parse(rest)?;
            (rest, TestKind::Start(moment))
        }
        "journey" => {
            let (mut rest, first) = cut(ident("the name of a journey")).parse(behind)?;
            let mut names = vec![first];
            while rest.is(",") {
                let (after, next) = cut(ident("the name of a journey")).parse(rest.take_from(1))?;
                names.push(next);
                rest = after;
            }
            (rest, TestKind::Journeys(names))
        }
        "profile" => {
            let (rest, attributes) = cut(record).parse(behind)?;
            (rest, TestKind::Profile(attributes))
        }
        "set" => {
            let (rest, (field, value)) = steps::attribute(behind)?;
            (rest, TestKind::Set { field, value })
        }
        "mock" => mock(behind)?,
        "event" => {
            let (rest, event) = cut(event_name).parse(behind)?;
            let (rest, properties) = if rest.is("{") {
                let (rest, properties) = record(rest)?;
                (rest, Some(properties))
            } else {
                (rest, None)
            };
            (rest, TestKind::Event { event, properties })
        }
        "after" => {
            let (rest, length) = cut(expression).parse(behind)?;
            (rest, TestKind::After(length))
        }
        "expect" => {
            let (rest, expect) = cut(expect).parse(behind)?;
            (rest, TestKind::Expect(expect))
        }
        _ => return input.error(WANTED),
    };
    Ok((rest, TestLine { at: start.until(&rest), kind }))
}

fn record(input: P<'_>) -> R<'_, Expr> {
    if input.is("{") { expression(input) } else { input.error("`{`") }
}

/// `action with { … } returns value after 2 seconds 3 times`
fn mock(input: P<'_>) -> R<'_, TestKind> {
    let (input, action) = cut(ident("the name of an action")).parse(input)?;
    let (input, with) = with(input)?;
    let (mut input, reply) = cut(reply).parse(input)?;
    let mut delay = None;
    if input.is("after") && !input.first().is_some_and(|token| token.leads) {
        let (rest, length) = cut(expression).parse(input.take_from(1))?;
        delay = Some(length);
        input = rest;
    }
    let (input, times) = times(input)?;
    Ok((input, TestKind::Mock { action, with, reply, delay, times }))
}

fn with(input: P<'_>) -> R<'_, Option<Expr>> {
    if !input.is("with") {
        return Ok((input, None));
    }
    let (rest, arguments) = cut(record).parse(input.take_from(1))?;
    Ok((rest, Some(arguments)))
}

/// `once` or `3 times`
fn times(input: P<'_>) -> R<'_, Option<u32>> {
    if input.is("once") {
        return Ok((input.take_from(1), Some(1)));
    }
    let number = input.first().filter(|token| token.kind == Kind::Number && input.peek(1) == "times");
    match number.and_then(|token| token.text.parse().ok()) {
        Some(times) => Ok((input.take_from(2), Some(times))),
        None => Ok((input, None)),
    }
}

fn reply(input: P<'_>) -> R<'_, Reply> {
    match input.peek(0) {
        "returns" => {
            let (rest, value) = cut(expression).parse(input.take_from(1))?;
            Ok((rest, Reply::Returns(value)))
        }
        "fails" => cut(failure).parse(input.take_from(1)),
        _ => input.error("`with`, `returns` or `fails`"),
    }
}

/// `http 500 { … }`, or the kind of an error.
fn failure(input: P<'_>) -> R<'_, Reply> {
    let kind = ErrorKind::ALL.into_iter().find(|kind| input.is(kind.word()));
    let rest = input.take_from(1);
    match kind {
        None => {
            input.error("`timeout`, `refused`, `http`, `invalid`, `capped`, `open`, `auth` or `internal`")
        }
        Some(ErrorKind::Http) => {
            let (rest, status) = cut(action::status).parse(rest)?;
            if rest.is("{") || rest.is("[") || rest.first().is_some_and(|token| token.kind == Kind::Text) {
                let (rest, body) = expression(rest)?;
                return Ok((rest, Reply::Status { status, body: Some(body) }));
            }
            Ok((rest, Reply::Status { status, body: None }))
        }
        Some(kind) => Ok((rest, Reply::Fails(kind))),
    }
}

/// Behind the word `expect`.
fn expect(input: P<'_>) -> R<'_, Expect> {
    let never = input.is("no");
    let input = if never { input.take_from(1) } else { input };
    // `call` and the like begin an expectation when a name follows; else they may be names themselves.
    match input.peek(0) {
        "call" => outgoing(input.take_from(1), Outgoing::Call, never),
        "send" => outgoing(input.take_from(1), Outgoing::Send, never),
        "journey" if input.peek(1) != "." => whereabouts(input.take_from(1), never),
        _ if never => input.error("`call`, `send` or `journey`"),
        _ => {
            let (rest, condition) = expression(input)?;
            Ok((rest, Expect::Holds(condition)))
        }
    }
}

fn outgoing(mut input: P<'_>, kind: Outgoing, never: bool) -> R<'_, Expect> {
    let mut name: Option<Ident> = None;
    if input.first().is_some_and(|token| token.kind == Kind::Word && !token.leads) {
        let (rest, named) = ident("a name")(input)?;
        name = Some(named);
        input = rest;
    } else if !never {
        return input.error(match kind {
            Outgoing::Call => "the name of an action",
            Outgoing::Send => "the name of a message",
        });
    }
    let (mut input, with) = with(input)?;
    let mut condition = None;
    if input.is("where") {
        let (rest, expr) = cut(expression).parse(input.take_from(1))?;
        condition = Some(expr);
        input = rest;
    }
    let (input, times) = if never { (input, None) } else { times(input)? };
    Ok((input, Expect::Outgoing { kind, never, name, with, condition, times }))
}

fn whereabouts(input: P<'_>, never: bool) -> R<'_, Expect> {
    let (input, journey) = cut(ident("the name of a journey")).parse(input)?;
    if never {
        return Ok((input, Expect::Journey { journey, state: Whereabouts::Outside }));
    }
    let behind = input.take_from(1);
    let (rest, state) = match (input.peek(0), input.peek(1)) {
        ("at", "end") => (input.take_from(2), Whereabouts::End),
        ("at", _) => {
            let (rest, step) = cut(text("`end`, or the name of a step in quotes")).parse(behind)?;
            (rest, Whereabouts::At(step))
        }
        ("inside", _) => (behind, Whereabouts::Inside),
        ("failed", _) => (behind, Whereabouts::Failed),
        ("exited", _) if behind.first().is_some_and(|token| token.kind == Kind::Text) => {
            let (rest, reason) = text("a reason")(behind)?;
            (rest, Whereabouts::Exited(Some(reason)))
        }
        ("exited", _) => (behind, Whereabouts::Exited(None)),
        _ => return input.error("`at end`, `at \"step\"`, `inside`, `exited` or `failed`"),
    };
    Ok((rest, Expect::Journey { journey, state }))
}
