//! When a wait ends: `1 hour`, `until tomorrow at 09:00 in zone`, `until cron "…" in zone`, `until expression`.

use graph::CalendarDay;
use jiff::civil::{Time, Weekday};
use nom::{Input as _, Parser as _, combinator::cut};

use super::{P, R, expr::expression, tag, text};
use crate::{
    diagnostic::{Code, Report},
    syntax::{ast::Moment, foreign, token::Kind},
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
        ("cron", ..) if input.tokens.get(1).is_some_and(|token| token.kind == Kind::Text) => {
            let (rest, schedule) = text("a schedule")(input.take_from(1))?;
            let (rest, _) = cut(tag!("in")).parse(rest)?;
            let (rest, zone) = cut(expression).parse(rest)?;
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
    let day = match input.peek(0) {
        "weekday" => CalendarDay::NextWeekday,
        "monday" => CalendarDay::NextDay(Weekday::Monday),
        "tuesday" => CalendarDay::NextDay(Weekday::Tuesday),
        "wednesday" => CalendarDay::NextDay(Weekday::Wednesday),
        "thursday" => CalendarDay::NextDay(Weekday::Thursday),
        "friday" => CalendarDay::NextDay(Weekday::Friday),
        "saturday" => CalendarDay::NextDay(Weekday::Saturday),
        "sunday" => CalendarDay::NextDay(Weekday::Sunday),
        _ => return input.error("`weekday` or a day such as `monday`"),
    };
    Ok((input.take_from(1), day))
}

/// `09:00 in zone`
fn calendar(input: P<'_>, day: CalendarDay) -> R<'_, Moment> {
    let (input, time) = cut(clock).parse(input)?;
    let (input, _) = cut(tag!("in")).parse(input)?;
    let (input, zone) = cut(expression).parse(input)?;
    Ok((input, Moment::Calendar { day, time, zone }))
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
