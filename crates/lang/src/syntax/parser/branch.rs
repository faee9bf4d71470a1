//! Steps with several ways: `if`, `match`, `repeat`, `split`, `limit`.

use nom::{Input as _, Parser as _, combinator::cut};
use rust_decimal::Decimal;

use super::{P, R, expr::expression, ident, steps::block, tag, text};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{Case, StepKind, Way},
        token::Kind,
    },
};

/// `if a { … } else if b { … } else { … }`, read without recursion along the chain.
pub(crate) fn branches(input: P<'_>) -> R<'_, StepKind> {
    let mut branches = Vec::new();
    let mut input = input;
    loop {
        // A record is no condition: `if {` lacks one.
        if input.is("{") {
            return input.error("a condition");
        }
        let (rest, condition) = cut(expression).parse(input)?;
        let (rest, then) = block(rest)?;
        branches.push((condition, then));
        if !rest.is("else") {
            return Ok((rest, StepKind::If { branches, otherwise: None }));
        }
        if rest.peek(1) == "if" {
            input = rest.take_from(2);
            continue;
        }
        let (rest, otherwise) = block(rest.take_from(1))?;
        return Ok((rest, StepKind::If { branches, otherwise: Some(otherwise) }));
    }
}

pub(crate) fn split(input: P<'_>) -> R<'_, StepKind> {
    let (input, name) = cut(text("the name of the split, in quotes")).parse(input)?;
    let (mut input, _) = cut(tag!("{")).parse(input)?;
    let (mut ways, mut holdout) = (Vec::new(), None);
    while !input.is("}") {
        if input.is("holdout") {
            holdout = Some(input.at());
            input = input.take_from(1);
            continue;
        }
        let (rest, way) = cut(way).parse(input)?;
        ways.push(way);
        input = rest;
    }
    Ok((input.take_from(1), StepKind::Split { name, ways, holdout }))
}

/// Behind `limit`: `"name" to 1000 people { … } else { … }`
pub(crate) fn limit(input: P<'_>) -> R<'_, StepKind> {
    let (input, name) = cut(text("the name of the limit, in quotes")).parse(input)?;
    let (input, _) = cut(tag!("to")).parse(input)?;
    let (input, most) = cut(people).parse(input)?;
    let (input, within) = block(input)?;
    if !input.is("else") {
        return Ok((input, StepKind::Limit { name, most, within, otherwise: None }));
    }
    let (input, otherwise) = block(input.take_from(1))?;
    Ok((input, StepKind::Limit { name, most, within, otherwise: Some(otherwise) }))
}

/// `1000 people`
fn people(input: P<'_>) -> R<'_, (At, u32)> {
    let number = input.first().filter(|token| token.kind == Kind::Number);
    let Some(most) = number.and_then(|token| token.text.replace('_', "").parse::<u32>().ok()) else {
        return input.error("how many people, such as `1000`");
    };
    let at = input.at();
    let (input, _) = tag!("people")(input.take_from(1))?;
    Ok((input, (at, most)))
}

/// `50% "label" { … }`
fn way(input: P<'_>) -> R<'_, Way> {
    let start = input;
    let Some(token) = input.first().filter(|token| token.kind == Kind::Number) else {
        return input.error("a share such as `50%`, `holdout` or `}`");
    };
    let share = Decimal::from_str_exact(token.text)
        .ok()
        .and_then(|percent| percent.checked_mul(Decimal::ONE_HUNDRED))
        .filter(|hundredths| hundredths.is_integer())
        .and_then(|hundredths| u32::try_from(hundredths).ok())
        .filter(|share| *share <= 10_000);
    let Some(share) = share else {
        return input.refuse(
            Report::new(
                Code::BadSplit,
                token.at,
                "a share is a percentage with up to two digits after the point",
            )
            .label("not a share")
            .help("write a number from 0 to 100, such as `50%` or `12.5%`"),
        );
    };
    let (mut rest, _) = cut(tag!("%")).parse(input.take_from(1))?;
    let mut label = None;
    if rest.first().is_some_and(|token| token.kind == Kind::Text) {
        let (after, quoted) = text("a label")(rest)?;
        label = Some(quoted);
        rest = after;
    }
    let at = start.until(&rest);
    let (rest, block) = block(rest)?;
    Ok((rest, Way { at, share, label, block }))
}

/// `match value { "a", "b" => { … } else => { … } }`
pub(crate) fn cases(input: P<'_>) -> R<'_, StepKind> {
    if input.is("{") {
        return input.error("a value");
    }
    let (input, value) = cut(expression).parse(input)?;
    let (mut input, _) = cut(tag!("{")).parse(input)?;
    let (mut cases, mut otherwise) = (Vec::new(), None);
    while !input.is("}") {
        let start = input;
        if input.is("else") {
            let (rest, _) = cut(tag!("=>")).parse(input.take_from(1))?;
            let (rest, steps) = block(rest)?;
            otherwise = Some((start.at(), steps));
            input = rest;
            continue;
        }
        let (mut rest, first) = cut(expression).parse(input)?;
        let mut values = vec![first];
        while rest.is(",") {
            let (after, next) = cut(expression).parse(rest.take_from(1))?;
            values.push(next);
            rest = after;
        }
        let at = start.until(&rest);
        let (rest, _) = cut(tag!("=>")).parse(rest)?;
        let (rest, steps) = block(rest)?;
        cases.push(Case { at, values, block: steps });
        input = rest;
    }
    Ok((input.take_from(1), StepKind::Match { value, cases, otherwise }))
}

/// `repeat 3 times as round until condition { … }`
pub(crate) fn repeat(input: P<'_>) -> R<'_, StepKind> {
    let (input, times) = cut(expression).parse(input)?;
    let (mut input, _) = cut(tag!("times")).parse(input)?;
    let mut round = None;
    if input.is("as") {
        let (rest, name) = cut(ident("a name for the number of the round")).parse(input.take_from(1))?;
        round = Some(name);
        input = rest;
    }
    let mut until = None;
    if input.is("until") {
        let (rest, condition) = cut(expression).parse(input.take_from(1))?;
        until = Some(condition);
        input = rest;
    }
    let (input, body) = block(input)?;
    Ok((input, StepKind::Repeat { times, round, until, body }))
}
