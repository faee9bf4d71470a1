//! Steps that touch the person's other journeys: `emit`, `start`, `stop`.

use nom::{Input as _, Parser as _, combinator::cut};

use super::{P, R, expr::expression, ident};
use crate::{
    diagnostic::{Code, Report},
    syntax::ast::{Awaits, Expr, Ident, Start, StepKind},
};

/// Behind `emit`: `event { … }`
pub(super) fn emit(input: P<'_>) -> R<'_, StepKind> {
    let (rest, event) = cut(ident("the name of an event")).parse(input)?;
    let (rest, properties) = if rest.is("{") {
        let (rest, properties) = cut(expression).parse(rest)?;
        (rest, Some(properties))
    } else {
        (rest, None)
    };
    Ok((rest, StepKind::Emit { event, properties }))
}

/// Behind `start`: `journey with { … } then wait up to 2 days`; `bind` stands before it.
pub(super) fn start(input: P<'_>, bind: Option<Ident>) -> R<'_, StepKind> {
    let start = input;
    let (input, (journey, given)) = started(input)?;
    if !input.is("then") {
        return match bind {
            Some(name) => start.refuse(
                Report::new(
                    Code::MissingAnswer,
                    start.until(&input),
                    "a start that is not waited for gives no value",
                )
                .label(format!("`{}` would have none", name.text))
                .help("add `then wait`: the value says how the journey ended"),
            ),
            None => Ok((input, StepKind::Start(Start { journey, input: given, awaits: None }))),
        };
    }
    let (mut rest, _) = cut(super::tag!("wait")).parse(input.take_from(1))?;
    let mut at_most = None;
    if rest.is("up") && rest.peek(1) == "to" {
        let (after, length) = cut(expression).parse(rest.take_from(2))?;
        at_most = Some(length);
        rest = after;
    }
    let awaits = Some(Awaits { bind, at_most });
    Ok((rest, StepKind::Start(Start { journey, input: given, awaits })))
}

/// `journey with { … }`
pub(super) fn started(input: P<'_>) -> R<'_, (Ident, Option<Expr>)> {
    let (input, journey) = cut(ident("the name of a journey")).parse(input)?;
    if !input.is("with") {
        return Ok((input, (journey, None)));
    }
    let (rest, given) = cut(expression).parse(input.take_from(1))?;
    Ok((rest, (journey, Some(given))))
}

/// Behind `stop`: `journey for key`
pub(super) fn stop(input: P<'_>) -> R<'_, StepKind> {
    let (rest, journey) = cut(ident("the name of a journey")).parse(input)?;
    if !rest.is("for") {
        return Ok((rest, StepKind::Stop { journey, key: None }));
    }
    let (rest, key) = cut(expression).parse(rest.take_from(1))?;
    Ok((rest, StepKind::Stop { journey, key: Some(key) }))
}
