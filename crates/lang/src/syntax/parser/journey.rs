//! `journey name { rules… steps… }`

use nom::{
    Input as _, Parser as _,
    combinator::{cut, opt},
};

use super::{
    P, R,
    expr::{duration, expression, unit},
    ident, policy, steps, tag, text, types, unclosed,
};
use crate::syntax::{
    At,
    ast::{Block, DeclKind, Entry, EntryKind, Everyone, Expr, Goal, Ident, Journey, Listen, Open},
    foreign,
    token::Kind,
};

/// Behind the word `journey`.
pub(crate) fn journey(input: P<'_>) -> R<'_, DeclKind> {
    let (input, name) = cut(ident("the name of the journey")).parse(input)?;
    let start = input;
    let (mut input, open) = cut(tag!("{")).parse(input)?;
    let mut made = Journey {
        name,
        entries: Vec::new(),
        entry_unread: false,
        open: Vec::new(),
        inside: Vec::new(),
        one_per: Vec::new(),
        reentry: Vec::new(),
        exits: Vec::new(),
        leave_when: Vec::new(),
        goal: Vec::new(),
        quiet: Vec::new(),
        priority: Vec::new(),
        zone: Vec::new(),
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
            Err(error) => {
                made.entry_unread |= input.is("enter") || input.is("on");
                steps::skip(input, error, &steps::begins)
            }
        };
    }
    match tag!("}")(input) {
        Ok((rest, end)) => {
            made.steps.at = open.to(end);
            Ok((rest, DeclKind::Journey(Box::new(made))))
        }
        Err(_) => {
            unclosed::report(&start, &input);
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
            | ("exit", "on" | "when", _)
            | ("open", "from" | "until", _)
            | ("when", "inside", _)
            | ("goal", ..)
            | ("on", ..)
            | ("expire", "after", _)
            | ("quiet", "hours", _)
            | ("priority", ..)
            | ("time", "zone", _)
    )
}

fn rule<'a>(input: P<'a>, made: &mut Journey) -> R<'a, ()> {
    let start = input;
    match input.peek(0) {
        "enter" => {
            let (rest, entry) = entry(input)?;
            made.entries.push(entry);
            Ok((rest, ()))
        }
        "open" => {
            let (rest, open) = open(input)?;
            made.open.push(open);
            Ok((rest, ()))
        }
        "when" => {
            let (rest, again) = inside(input.take_from(2))?;
            made.inside.push((start.until(&rest), again));
            Ok((rest, ()))
        }
        "goal" => {
            let (rest, goal) = goal(input)?;
            made.goal.push(goal);
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
        "exit" if input.peek(1) == "when" => {
            let (rest, condition) = cut(expression).parse(input.take_from(2))?;
            made.leave_when.push(condition);
            Ok((rest, ()))
        }
        "exit" => {
            let (rest, listen) = cut(listen).parse(input.take_from(2))?;
            made.exits.push(listen);
            Ok((rest, ()))
        }
        "quiet" => {
            let (rest, hours) = policy::quiet_hours(input)?;
            made.quiet.push((start.until(&rest), hours));
            Ok((rest, ()))
        }
        "priority" => {
            let (rest, priority) = cut(priority).parse(input.take_from(1))?;
            made.priority.push((start.until(&rest), priority));
            Ok((rest, ()))
        }
        "time" => {
            let (rest, zone) = cut(expression).parse(input.take_from(2))?;
            made.zone.push((start.until(&rest), zone));
            Ok((rest, ()))
        }
        "expire" => {
            let (rest, micros) = cut(duration).parse(input.take_from(2))?;
            made.expire.push((start.until(&rest), micros));
            Ok((rest, ()))
        }
        _ => match input.peek(1) {
            "failure" => handler(input, &mut made.failure),
            "exit" => handler(input, &mut made.farewell),
            _ => input.error(steps::WANTED),
        },
    }
}

/// `on failure as name { … }`, `on exit as name { … }`
fn handler<'a>(input: P<'a>, handlers: &mut Vec<(At, Option<Ident>, Block)>) -> R<'a, ()> {
    let at = input.at().to(input.take_from(1).at());
    let mut rest = input.take_from(2);
    let mut alias = None;
    if rest.is("as") {
        let (after, name) = cut(ident("a name")).parse(rest.take_from(1))?;
        alias = Some(name);
        rest = after;
    }
    let (rest, block) = steps::block(rest)?;
    handlers.push((at, alias, block));
    Ok((rest, ()))
}

/// `enter on event as name where condition`, `enter when started with { … } as name where condition`
fn entry(input: P<'_>) -> R<'_, Entry> {
    let start = input;
    let input = input.take_from(1);
    let (rest, kind) = if input.is("when") {
        let (rest, _) = cut(tag!("started")).parse(input.take_from(1))?;
        let (rest, with) = opt(tag!("with")).parse(rest)?;
        if with.is_some() {
            let (rest, ty) = cut(types::type_expr).parse(rest)?;
            (rest, EntryKind::Started(Some(ty)))
        } else {
            (rest, EntryKind::Started(None))
        }
    } else if input.is("on") {
        let (rest, event) = cut(event_name).parse(input.take_from(1))?;
        (rest, EntryKind::On(event))
    } else if input.is("everyone") {
        let (rest, everyone) = cut(everyone).parse(input.take_from(1))?;
        (rest, EntryKind::Everyone(everyone))
    } else {
        return input.error("`on` and an event, `when started`, or `everyone`");
    };
    let (rest, (alias, condition)) = named_where(rest)?;
    Ok((rest, Entry { at: start.until(&rest), kind, alias, condition }))
}

/// Behind `everyone`: `in audience at cron "0 9 * * 1" in "Europe/Berlin", 500 per second`
fn everyone(mut input: P<'_>) -> R<'_, Everyone> {
    let mut audience = None;
    if input.is("in") {
        let (rest, name) = cut(ident("the name of an audience")).parse(input.take_from(1))?;
        audience = Some(name);
        input = rest;
    }
    let (input, _) = cut(tag!("at")).parse(input)?;
    let (input, _) = cut(tag!("cron")).parse(input)?;
    let (input, schedule) = cut(text("a schedule such as `\"0 9 * * 1\"`")).parse(input)?;
    let (input, _) = cut(tag!("in")).parse(input)?;
    let (mut input, zone) = cut(text("a time zone such as `\"Europe/Berlin\"`")).parse(input)?;
    let mut most = None;
    if input.is(",") {
        let (rest, found) = cut(rate).parse(input.take_from(1))?;
        most = Some(found);
        input = rest;
    }
    Ok((input, Everyone { audience, schedule, zone, rate: most }))
}

/// `500 per second`
pub(super) fn rate(input: P<'_>) -> R<'_, graph::Rate> {
    const RATE: &str = "a rate such as `500 per second`";
    let count = input.first().filter(|token| token.kind == Kind::Number);
    let count = count.and_then(|token| token.text.replace('_', "").parse::<u32>().ok());
    let Some(count) = count.filter(|count| *count > 0) else { return input.error(RATE) };
    let (rest, _) = tag!("per")(input.take_from(1))?;
    match rest.peek(0) {
        "second" | "minute" | "hour" | "day" => {
            let per = unit(rest.peek(0)).unwrap_or(1_000_000);
            Ok((rest.take_from(1), graph::Rate { count, per }))
        }
        _ => rest.error("`second`, `minute`, `hour` or `day`"),
    }
}

/// `open from "2026-12-01" until "2026-12-27" in "Europe/Berlin"`
fn open(input: P<'_>) -> R<'_, Open> {
    const MOMENT: &str = "a date such as `\"2026-12-01\"`, or a moment";
    let start = input;
    let mut made = Open { at: input.at(), from: None, until: None, zone: None };
    let mut input = input.take_from(1);
    if input.is("from") {
        let (rest, from) = cut(text(MOMENT)).parse(input.take_from(1))?;
        made.from = Some(from);
        input = rest;
    }
    if input.is("until") {
        let (rest, until) = cut(text(MOMENT)).parse(input.take_from(1))?;
        made.until = Some(until);
        input = rest;
    }
    if input.is("in") {
        let (rest, zone) = cut(text("a time zone such as `\"Europe/Berlin\"`")).parse(input.take_from(1))?;
        made.zone = Some(zone);
        input = rest;
    }
    made.at = start.until(&input);
    Ok((input, made))
}

/// `goal event as name where condition within 7 days`
fn goal(input: P<'_>) -> R<'_, Goal> {
    let (rest, on) = cut(listen).parse(input.take_from(1))?;
    let (rest, _) = cut(tag!("within")).parse(rest)?;
    let (rest, within) = cut(duration).parse(rest)?;
    Ok((rest, Goal { at: input.until(&rest), on, within }))
}

/// Behind `priority`: a whole number.
fn priority(input: P<'_>) -> R<'_, i32> {
    let (sign, digits) = if input.is("-") { (-1, input.take_from(1)) } else { (1, input) };
    let number = digits.first().filter(|token| token.kind == Kind::Number);
    match number.and_then(|token| token.text.parse::<i32>().ok()) {
        Some(number) => Ok((digits.take_from(1), sign * number)),
        None => digits.error("a whole number, such as `priority 10`"),
    }
}

fn inside(input: P<'_>) -> R<'_, graph::Inside> {
    match graph::Inside::ALL.into_iter().find(|policy| input.is(policy.word())) {
        Some(policy) => Ok((input.take_from(1), policy)),
        None => input.error("`skip`, `queue`, `replace` or `parallel`"),
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

/// `orderPlaced`, or what something else lets happen: `loyal.joined`, `reminder.clicked`.
pub(crate) fn event_name(input: P<'_>) -> R<'_, Ident> {
    if let Some(report) = foreign::wire_words(&input) {
        return input.refuse(report);
    }
    let (rest, name) = ident("the name of an event")(input)?;
    if !rest.is(".") || rest.first().is_some_and(|token| token.leads) {
        return Ok((rest, name));
    }
    let (rest, what) = cut(ident("what happens, such as `joined`")).parse(rest.take_from(1))?;
    let text = format!("{}.{}", name.text, what.text).into();
    Ok((rest, Ident { text, at: name.at.to(what.at) }))
}

/// `event as name where condition`
pub(crate) fn listen(input: P<'_>) -> R<'_, Listen> {
    let (input, event) = event_name(input)?;
    let (input, (alias, condition)) = named_where(input)?;
    Ok((input, Listen { event, alias, condition }))
}

/// `as name where condition`, both of which may be left out.
fn named_where(mut input: P<'_>) -> R<'_, (Option<Ident>, Option<Expr>)> {
    let mut alias = None;
    if input.is("as") && input.tokens.get(1).is_some_and(|token| token.kind == Kind::Word) {
        let (rest, name) = ident("a name")(input.take_from(1))?;
        alias = Some(name);
        input = rest;
    }
    let (input, condition) = opt(tag!("where")).parse(input)?;
    if condition.is_none() {
        return Ok((input, (alias, None)));
    }
    let (input, condition) = cut(expression).parse(input)?;
    Ok((input, (alias, Some(condition))))
}
