//! When a wait ends: `1 hour`, `until tomorrow at 09:00 in zone`, `until between 09:00 and 18:00 in zone`,
//! `until cron "…" in zone`, `until expression`.

use graph::CalendarDay;
use jiff::civil::{Time, Weekday};
use nom::{Input as _, Parser as _, combinator::cut};

use super::{P, R, expr::expression, tag, text};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        ast::{Expr, Moment},
        foreign,
        token::Kind,
    },
};

/// Behind the word `wait`.
pub(crate) fn moment(input: P<'_>) -> R<'_, Moment> {
    if !input.is("until") {
        let (rest, length) = expression(input)?;
        return Ok((rest, Moment::After(length)));
    }
    let input = input.take_from(1);
    let clock = input.first().is_some_and(|token| token.kind == Kind::Number) && input.peek(1) == ":";
    match (input.peek(0), input.peek(1), input.peek(2)) {
        _ if clock => calendar(input, CalendarDay::Next),
        ("tomorrow", ..) if day_word(&input) => {
            let (rest, _) = cut(tag!("at")).parse(input.take_from(1))?;
            calendar(rest, CalendarDay::Tomorrow)
        }
        ("next", ..) if day_word(&input) => {
            let (rest, day) = cut(day).parse(input.take_from(1))?;
            let (rest, _) = cut(tag!("at")).parse(rest)?;
            calendar(rest, day)
        }
        ("between", ..) if day_word(&input) => window(input.take_from(1)),
        ("cron", ..) if input.tokens.get(1).is_some_and(|token| token.kind == Kind::Text) => {
            let (rest, schedule) = text("a schedule")(input.take_from(1))?;
            let (rest, zone) = zone(rest)?;
            Ok((rest, Moment::Cron { text: schedule, zone }))
        }
        (word, "at", _) => match foreign::day(input.at(), word) {
            Some(report) => input.refuse(report),
            None => instant(input),
        },
        _ => instant(input),
    }
}

fn instant(input: P<'_>) -> R<'_, Moment> {
    let (rest, instant) = cut(expression).parse(input)?;
    Ok((rest, Moment::At(instant)))
}

/// Whether the word means a day, and is not the name of a value.
fn day_word(input: &P<'_>) -> bool {
    input.tokens.get(1).is_some_and(|next| !next.leads && matches!(next.kind, Kind::Word | Kind::Number))
}

fn day(input: P<'_>) -> R<'_, CalendarDay> {
    let day = match (input.peek(0), weekday(input.peek(0))) {
        ("weekday", _) => CalendarDay::NextWeekday,
        (_, Some(day)) => CalendarDay::NextDay(day),
        (_, None) => return input.error("`weekday` or a day such as `monday`"),
    };
    Ok((input.take_from(1), day))
}

fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "monday" => Weekday::Monday,
        "tuesday" => Weekday::Tuesday,
        "wednesday" => Weekday::Wednesday,
        "thursday" => Weekday::Thursday,
        "friday" => Weekday::Friday,
        "saturday" => Weekday::Saturday,
        "sunday" => Weekday::Sunday,
        _ => return None,
    })
}

/// Behind `between`: `09:00 and 18:00 on weekdays in zone`
fn window(input: P<'_>) -> R<'_, Moment> {
    let start = input;
    let (rest, from) = cut(clock).parse(input)?;
    let (rest, _) = cut(tag!("and")).parse(rest)?;
    let (rest, until) = cut(clock).parse(rest)?;
    let at = start.until(&rest);
    let (rest, days) = if rest.is("on") { cut(days).parse(rest.take_from(1))? } else { (rest, Vec::new()) };
    let (rest, zone) = zone(rest)?;
    Ok((rest, Moment::Window { at, from, until, days, zone }))
}

/// `weekdays`, `weekends`, or days such as `monday or friday`
fn days(mut input: P<'_>) -> R<'_, Vec<Weekday>> {
    let weekend = [Weekday::Saturday, Weekday::Sunday];
    match input.peek(0) {
        "weekends" => return Ok((input.take_from(1), weekend.to_vec())),
        "weekdays" => {
            let days = Weekday::Monday.cycle_forward().take(7).filter(|day| !weekend.contains(day));
            return Ok((input.take_from(1), days.collect()));
        }
        _ => {}
    }
    let mut days = Vec::new();
    loop {
        let Some(day) = weekday(input.peek(0)) else {
            return input.error("`weekdays`, `weekends` or a day such as `monday`");
        };
        days.push(day);
        input = input.take_from(1);
        if !input.is("or") {
            return Ok((input, days));
        }
        input = input.take_from(1);
    }
}

/// `09:00 in zone`
fn calendar(input: P<'_>, day: CalendarDay) -> R<'_, Moment> {
    let start = input;
    let (input, time) = cut(clock).parse(input)?;
    let at = start.until(&input);
    let (input, zone) = zone(input)?;
    Ok((input, Moment::Calendar { at, day, time, zone }))
}

/// `in zone`, which may be left out where the journey says it.
pub(super) fn zone(input: P<'_>) -> R<'_, Option<Expr>> {
    if !input.is("in") {
        return Ok((input, None));
    }
    let (rest, zone) = cut(expression).parse(input.take_from(1))?;
    Ok((rest, Some(zone)))
}

pub(super) fn clock(input: P<'_>) -> R<'_, Time> {
    let digits = |ahead: usize| {
        input
            .tokens
            .get(ahead)
            .filter(|token| token.kind == Kind::Number)
            .and_then(|token| token.text.parse::<i8>().ok())
    };
    let (Some(hour), ":", Some(minute)) = (digits(0), input.peek(1), digits(2)) else {
        return input.error("a time such as `09:00`");
    };
    let rest = input.take_from(3);
    match Time::new(hour, minute, 0, 0) {
        Ok(time) if input.peek(2).len() == 2 => Ok((rest, time)),
        _ => input.refuse(
            Report::new(Code::BadSchedule, input.until(&rest), "this is not a time of day")
                .label("not on a clock")
                .help("times go from `00:00` to `23:59`"),
        ),
    }
}
