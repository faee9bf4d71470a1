//! `journey name { rules… steps… }`

use nom::{
    Input as _, Parser as _,
    combinator::{cut, opt},
};

use super::{
    P, R,
    expr::{duration, expression},
    ident, steps, tag,
};
use crate::syntax::{
    ast::{Block, DeclKind, Journey, Listen},
    token::Kind,
};

/// Behind the word `journey`.
pub(crate) fn journey(input: P<'_>) -> R<'_, DeclKind> {
    let (input, name) = cut(ident("the name of the journey")).parse(input)?;
    let (mut input, open) = cut(tag!("{")).parse(input)?;
    let mut made = Journey {
        name,
        entries: Vec::new(),
        one_per: Vec::new(),
        reentry: Vec::new(),
        exits: Vec::new(),
        expire: Vec::new(),
        failure: Vec::new(),
        farewell: Vec::new(),
        steps: Block { at: open, steps: Vec::new() },
    };
    // Rules and steps are read by one loop, so that a mistake in a rule costs no more than that rule.
    loop {
        let (rest, block) = steps::sequence(input, &|input| is_rule(input))?;
        made.steps.steps.extend(block);
        input = rest;
        if input.is("}") || input.first().is_none() || super::declare::begins(&input) {
            break;
        }
        input = match rule(input, &mut made) {
            Ok((rest, ())) => rest,
            Err(error) => steps::skip(input, error, &steps::begins),
        };
    }
    match tag!("}")(input) {
        Ok((rest, end)) => {
            made.steps.at = open.to(end);
            Ok((rest, DeclKind::Journey(Box::new(made))))
        }
        Err(error) => {
            input.complain(error);
            Ok((input, DeclKind::Journey(Box::new(made))))
        }
    }
}

fn is_rule(input: &P<'_>) -> bool {
    matches!(
        (input.peek(0), input.peek(1), input.peek(2)),
        ("enter", ..)
            | ("one", "per", _)
            | ("re", "-", "enter")
            | ("exit", "on", _)
            | ("on", "failure" | "exit", _)
            | ("expire", "after", _)
    )
}

fn rule<'a>(input: P<'a>, made: &mut Journey) -> R<'a, ()> {
    let start = input;
    match input.peek(0) {
        "enter" => {
            let (rest, _) = cut(tag!("on")).parse(input.take_from(1))?;
            let (rest, listen) = cut(listen).parse(rest)?;
            made.entries.push((start.until(&rest), listen));
            Ok((rest, ()))
        }
        "one" => {
            let (rest, value) = cut(expression).parse(input.take_from(2))?;
            made.one_per.push((start.until(&rest), value));
            Ok((rest, ()))
        }
        "re" => {
            let (rest, again) = cut(reentry).parse(input.take_from(3))?;
            made.reentry.push((start.until(&rest), again));
            Ok((rest, ()))
        }
        "exit" => {
            let (rest, listen) = cut(listen).parse(input.take_from(2))?;
            made.exits.push(listen);
            Ok((rest, ()))
        }
        "expire" => {
            let (rest, micros) = cut(duration).parse(input.take_from(2))?;
            made.expire.push((start.until(&rest), micros));
            Ok((rest, ()))
        }
        _ => {
            let leaves = input.peek(1) == "exit";
            let at = input.at().to(input.take_from(1).at());
            let mut rest = input.take_from(2);
            let mut alias = None;
            if rest.is("as") {
                let (after, name) = cut(ident("a name")).parse(rest.take_from(1))?;
                alias = Some(name);
                rest = after;
            }
            let (rest, block) = steps::block(rest)?;
            if leaves { &mut made.farewell } else { &mut made.failure }.push((at, alias, block));
            Ok((rest, ()))
        }
    }
}

fn reentry(input: P<'_>) -> R<'_, graph::Reentry> {
    match input.peek(0) {
        "always" => Ok((input.take_from(1), graph::Reentry::Always)),
        "never" => Ok((input.take_from(1), graph::Reentry::Never)),
        "after" => {
            let (rest, micros) = cut(duration).parse(input.take_from(1))?;
            Ok((rest, graph::Reentry::After(micros)))
        }
        _ => input.error("`after`, `always` or `never`"),
    }
}

/// `event as name where condition`
pub(crate) fn listen(input: P<'_>) -> R<'_, Listen> {
    let (mut input, event) = ident("the name of an event")(input)?;
    let mut made = Listen { event, alias: None, condition: None };
    if input.is("as") && input.tokens.get(1).is_some_and(|token| token.kind == Kind::Word) {
        let (rest, name) = ident("a name")(input.take_from(1))?;
        made.alias = Some(name);
        input = rest;
    }
    let (mut input, condition) = opt(tag!("where")).parse(input)?;
    if condition.is_some() {
        let (rest, expr) = cut(expression).parse(input)?;
        made.condition = Some(expr);
        input = rest;
    }
    Ok((input, made))
}
