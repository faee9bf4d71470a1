//! Steps and blocks of steps, and how the parser goes on behind a step it could not read.

use nom::{Input as _, Parser as _, combinator::cut};

use super::{
    Fail, P, R, branch, declare, expr::expression, ident, journey::listen, moment::moment, others, tag,
    unclosed,
};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        ast::{Block, Expr, ForArm, Ident, OnError, Step, StepKind, WaitFor},
        token::Kind,
    },
};

/// How messages call what may stand in a block.
pub(crate) const WANTED: &str = "a step (`wait`, `call`, `send`, `if`, `match`, `split`, `repeat`, `let`, `set`, `emit`, `start`, `stop`, `label`, `goto`, `exit`) or `}`";

/// `{ steps }`
pub(crate) fn block(input: P<'_>) -> R<'_, Block> {
    input.deeper(|input| {
        let start = input;
        let (input, open) = cut(tag!("{")).parse(input)?;
        let (input, steps) = sequence(input, &|_| false)?;
        match tag!("}")(input) {
            Ok((rest, close)) => Ok((rest, Block { at: open.to(close), steps })),
            // What follows is another declaration or the end: the block is reported, its steps are kept.
            Err(_) => {
                unclosed::report(&start, &input);
                Ok((input, Block { at: open, steps }))
            }
        }
    })
}

/// Steps up to a `}`, a declaration, or what `stop` says.
pub(crate) fn sequence<'a>(mut input: P<'a>, stop: &dyn Fn(&P<'a>) -> bool) -> R<'a, Vec<Step>> {
    let mut steps = Vec::new();
    while input.first().is_some() && !input.is("}") && !declare::begins(&input) && !stop(&input) {
        match step(input) {
            Ok((rest, step)) => {
                steps.push(step);
                input = rest;
            }
            Err(nom::Err::Failure(fail))
                if fail.report.as_ref().is_some_and(|report| report.code == Code::TooDeep) =>
            {
                return Err(nom::Err::Failure(fail));
            }
            Err(error) => input = skip(input, error, &begins),
        }
    }
    Ok((input, steps))
}

/// Reports the error and goes to where the next step may begin: a word that leads a line, or the end of the block.
pub(crate) fn skip<'a>(input: P<'a>, error: nom::Err<Fail>, begins: &dyn Fn(&P<'a>) -> bool) -> P<'a> {
    let left = input.complain(error).min(input.tokens.len().saturating_sub(1));
    // Blocks that were opened before the failure are closed by what follows it.
    let taken = input.take(input.tokens.len() - left);
    let mut open = taken.tokens.iter().fold(0_usize, |open, token| match token.text {
        "{" => open + 1,
        "}" => open.saturating_sub(1),
        _ => open,
    });
    let mut input = input.take_from(input.tokens.len() - left);
    while let Some(token) = input.first() {
        if declare::begins(&input) || (open == 0 && (token.text == "}" || (token.leads && begins(&input)))) {
            break;
        }
        match token.text {
            "{" => open += 1,
            "}" => open = open.saturating_sub(1),
            _ => {}
        }
        input = input.take_from(1);
    }
    input
}

pub(crate) fn begins(input: &P<'_>) -> bool {
    matches!(
        input.peek(0),
        "wait"
            | "call"
            | "send"
            | "if"
            | "match"
            | "split"
            | "limit"
            | "repeat"
            | "let"
            | "set"
            | "emit"
            | "start"
            | "stop"
            | "label"
            | "goto"
            | "exit"
            | "give"
            | "enter"
            | "one"
            | "re"
            | "on"
            | "expire"
            | "open"
            | "when"
            | "goal"
            | "quiet"
            | "priority"
            | "time"
    )
}

/// Only tells the kinds apart, so that its frame is small: blocks in blocks come by here again and again.
fn step(input: P<'_>) -> R<'_, Step> {
    let behind = input.take_from(1);
    let (rest, kind) = match input.peek(0) {
        "wait" if input.peek(1) == "for" => wait_for(input.take_from(2)),
        "wait" => wait(behind),
        "call" => call(behind, None),
        "send" => send(behind),
        "if" => branch::branches(behind),
        "match" => branch::cases(behind),
        "repeat" => branch::repeat(behind),
        "split" => branch::split(behind),
        "limit" => branch::limit(behind),
        "label" => label(behind),
        "goto" => goto(behind),
        "set" => set(behind),
        "emit" => others::emit(behind),
        "start" => others::start(behind, None),
        "stop" => others::stop(behind),
        "let" => name_value(behind),
        "give" => give(behind),
        "exit" => exit(behind),
        _ => input.error(WANTED),
    }?;
    Ok((rest, Step { at: input.until(&rest), kind }))
}

fn wait(input: P<'_>) -> R<'_, StepKind> {
    let (rest, moment) = cut(moment).parse(input)?;
    Ok((rest, StepKind::Wait(moment)))
}

fn send(input: P<'_>) -> R<'_, StepKind> {
    let (rest, call) = declare::invoke(input, "the name of a message")?;
    let (rest, error) = on_error(rest)?;
    Ok((rest, StepKind::Send { call, error }))
}

fn label(input: P<'_>) -> R<'_, StepKind> {
    let (rest, name) = cut(ident("a name")).parse(input)?;
    Ok((rest, StepKind::Label(name)))
}

fn goto(input: P<'_>) -> R<'_, StepKind> {
    let (rest, name) = cut(ident("the name of a label")).parse(input)?;
    Ok((rest, StepKind::Goto(name)))
}

fn set(input: P<'_>) -> R<'_, StepKind> {
    let (rest, (field, value)) = attribute(input)?;
    Ok((rest, StepKind::Set { field, value }))
}

/// Behind `let`: a value, or the answer of a call.
fn name_value(input: P<'_>) -> R<'_, StepKind> {
    let (rest, name) = cut(ident("a name")).parse(input)?;
    let (rest, _) = cut(tag!("=")).parse(rest)?;
    if rest.is("call") && rest.tokens.get(1).is_some_and(|token| token.kind == Kind::Word) {
        return call(rest.take_from(1), Some(name));
    }
    if rest.is("start") && rest.tokens.get(1).is_some_and(|token| token.kind == Kind::Word) {
        return others::start(rest.take_from(1), Some(name));
    }
    let (rest, value) = cut(expression).parse(rest)?;
    Ok((rest, StepKind::Let { name, value }))
}

fn give(input: P<'_>) -> R<'_, StepKind> {
    let (rest, value) = cut(expression).parse(input)?;
    Ok((rest, StepKind::Give { value }))
}

fn exit(input: P<'_>) -> R<'_, StepKind> {
    // The reason stands on the same line: what is on the next one is a step of its own.
    let ends = input.is("}") || input.first().is_none_or(|token| token.leads);
    if ends {
        return Ok((input, StepKind::Exit { reason: None }));
    }
    let (rest, reason) = cut(expression).parse(input)?;
    Ok((rest, StepKind::Exit { reason: Some(reason) }))
}

fn call(input: P<'_>, bind: Option<Ident>) -> R<'_, StepKind> {
    let (mut rest, call) = declare::invoke(input, "the name of an action")?;
    let mut fallback = None;
    if rest.is("or") {
        let (after, value) = cut(expression).parse(rest.take_from(1))?;
        fallback = Some(value);
        rest = after;
    }
    let (rest, error) = on_error(rest)?;
    Ok((rest, StepKind::Call { call, bind, fallback, error }))
}

fn on_error(input: P<'_>) -> R<'_, Option<OnError>> {
    if !input.is("on") || input.peek(1) != "error" {
        return Ok((input, None));
    }
    let mut rest = input.take_from(2);
    let mut name = None;
    if rest.is("as") {
        let (after, alias) = cut(ident("a name")).parse(rest.take_from(1))?;
        name = Some(alias);
        rest = after;
    }
    let (rest, block) = block(rest)?;
    Ok((rest, Some(OnError { name, block })))
}

/// `profile.field = value`
pub(crate) fn attribute(input: P<'_>) -> R<'_, (Ident, Expr)> {
    let (input, _) = cut(tag!("profile")).parse(input)?;
    let (input, _) = cut(tag!(".")).parse(input)?;
    let (input, field) = cut(ident("the name of an attribute")).parse(input)?;
    let (input, _) = cut(tag!("=")).parse(input)?;
    let (input, value) = cut(expression).parse(input)?;
    Ok((input, (field, value)))
}

/// Behind `wait for`: one event, or the first of several.
fn wait_for(input: P<'_>) -> R<'_, StepKind> {
    if input.is("first") && input.peek(1) == "of" {
        return first_of(input.take_from(2));
    }
    let start = input;
    let (rest, on) = cut(listen).parse(input)?;
    let at = start.until(&rest);
    let (mut rest, since) = since(rest)?;
    (rest, ()) = no_late_condition(rest)?;
    let mut timeout = None;
    if rest.is("up") && rest.peek(1) == "to" {
        let (after, length) = cut(expression).parse(rest.take_from(2))?;
        (rest, ()) = no_late_condition(after)?;
        let mut otherwise = None;
        if rest.is("else") {
            let (after, steps) = block(rest.take_from(1))?;
            otherwise = Some(steps);
            rest = after;
        }
        timeout = Some((length, otherwise));
    }
    let arms = vec![ForArm { at, on, then: None }];
    Ok((rest, StepKind::WaitFor(WaitFor { arms, since, timeout })))
}

/// Whoever writes the parts of a wait in another order is told the right one.
fn no_late_condition(input: P<'_>) -> R<'_, ()> {
    if !input.is("where") {
        return Ok((input, ()));
    }
    input.refuse(
        Report::new(Code::Syntax, input.at(), "a condition on an event stands right behind it")
            .label("stands too late")
            .help("write `wait for EVENT as e where … since enter up to 1 day`, of that what you need"),
    )
}

fn since(input: P<'_>) -> R<'_, graph::Since> {
    Ok(match (input.peek(0), input.peek(1)) {
        ("since", "enter") => (input.take_from(2), graph::Since::Enter),
        ("from", "now") => (input.take_from(2), graph::Since::Now),
        _ => (input, graph::Since::LastWait),
    })
}

fn first_of(input: P<'_>) -> R<'_, StepKind> {
    let (input, since) = since(input)?;
    let (mut input, _) = cut(tag!("{")).parse(input)?;
    let (mut arms, mut timeout) = (Vec::new(), None);
    while !input.is("}") {
        let start = input;
        if input.is("after") && input.peek(1) != "=>" {
            let (rest, length) = cut(expression).parse(input.take_from(1))?;
            let (rest, _) = cut(tag!("=>")).parse(rest)?;
            let (rest, steps) = block(rest)?;
            if timeout.is_some() {
                input.report(
                    Report::new(Code::DuplicateName, start.at(), "there are two timeouts")
                        .label("second one"),
                );
            }
            timeout = Some((length, Some(steps)));
            input = rest;
            continue;
        }
        let (rest, on) = cut(listen).parse(input)?;
        let at = start.until(&rest);
        let (rest, _) = cut(tag!("=>")).parse(rest)?;
        let (rest, then) = block(rest)?;
        arms.push(ForArm { at, on, then: Some(then) });
        input = rest;
    }
    Ok((input.take_from(1), StepKind::WaitFor(WaitFor { arms, since, timeout })))
}
