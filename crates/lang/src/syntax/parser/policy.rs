//! `policy name for all messages { only when … quiet hours … at most … }`

use nom::{Input as _, Parser as _, combinator::cut};

use super::{
    P, R,
    expr::{duration, expression},
    ident,
    moment::{self, clock},
    tag, text,
};
use crate::syntax::{
    ast::{DeclKind, Ident, Policy, QuietHours},
    token::Kind,
};

/// Behind the word `policy`.
pub(super) fn policy(input: P<'_>) -> R<'_, DeclKind> {
    let (input, name) = cut(ident("the name of the policy")).parse(input)?;
    let for_all = input.is("for");
    let input = if for_all {
        let (input, _) = cut(tag!("all")).parse(input.take_from(1))?;
        cut(tag!("messages")).parse(input)?.0
    } else {
        input
    };
    let (mut input, _) = cut(tag!("{")).parse(input)?;
    let mut made = Policy {
        name,
        for_all,
        subscription: Vec::new(),
        only_when: Vec::new(),
        quiet: Vec::new(),
        caps: Vec::new(),
    };
    while !input.is("}") {
        let (rest, ()) = cut(|input| rule(input, &mut made)).parse(input)?;
        input = rest;
    }
    Ok((input.take_from(1), DeclKind::Policy(Box::new(made))))
}

fn rule<'a>(input: P<'a>, made: &mut Policy) -> R<'a, ()> {
    let start = input;
    match (input.peek(0), input.peek(1)) {
        ("subscription", _) => {
            let (rest, title) = cut(text("what people get, in quotes")).parse(input.take_from(1))?;
            made.subscription.push((start.until(&rest), title));
            Ok((rest, ()))
        }
        ("only", "when") => {
            let (rest, condition) = cut(expression).parse(input.take_from(2))?;
            made.only_when.push(condition);
            Ok((rest, ()))
        }
        ("quiet", "hours") => {
            let (rest, hours) = quiet_hours(input)?;
            made.quiet.push((start.until(&rest), hours));
            Ok((rest, ()))
        }
        ("at", "most") => {
            let input = input.take_from(2);
            let count = input.first().filter(|token| token.kind == Kind::Number);
            let Some(count) = count.and_then(|token| token.text.replace('_', "").parse::<u32>().ok()) else {
                return input.error("a number");
            };
            let (rest, _) = cut(tag!("per")).parse(input.take_from(1))?;
            let (rest, per) = cut(duration).parse(rest)?;
            made.caps.push((start.until(&rest), graph::Rate { count, per }));
            Ok((rest, ()))
        }
        _ => input.error("`subscription`, `only when`, `quiet hours`, `at most` or `}`"),
    }
}

/// `quiet hours 21:00 to 08:00 in zone`; the first two words are there.
pub(super) fn quiet_hours(input: P<'_>) -> R<'_, QuietHours> {
    let (rest, from) = cut(clock).parse(input.take_from(2))?;
    let (rest, _) = cut(tag!("to")).parse(rest)?;
    let (rest, until) = cut(clock).parse(rest)?;
    let (rest, zone) = moment::zone(rest)?;
    Ok((rest, QuietHours { from, until, zone }))
}

/// `under policy`, where it is said.
pub(super) fn under(input: P<'_>) -> R<'_, Option<Ident>> {
    if !input.is("under") {
        return Ok((input, None));
    }
    let (rest, name) = cut(ident("the name of a policy")).parse(input.take_from(1))?;
    Ok((rest, Some(name)))
}
