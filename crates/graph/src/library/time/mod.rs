//! Functions on moments, dates and durations, one folder each.
//!
//! Calendar arithmetic names its zone; a wall time that the zone skips moves to the first valid instant after it, one
//! that comes twice means the first.

mod date;
mod datetime;
mod duration;

use jiff::{
    Span, Timestamp, Unit,
    civil::{self, Date, Time},
    fmt::strtime,
    tz::TimeZone,
};

use super::{Call, Fault, Function, unexpected};
use crate::{Name, Value, schedule::first_instant};

/// The functions, in the order of the manual.
pub(super) fn functions() -> impl Iterator<Item = &'static Function> {
    datetime::FUNCTIONS.iter().chain(date::FUNCTIONS).chain(duration::FUNCTIONS)
}

/// The zone at argument `index`.
pub(super) fn zone(call: &Call<'_>, index: usize) -> Result<TimeZone, Fault> {
    let name = call.text(index)?;
    TimeZone::get(&name).map_err(|_| Fault(format!("`{name}` is not a time zone, such as \"Europe/Berlin\"")))
}

/// The strftime pattern at argument `index`.
pub(super) fn pattern(call: &Call<'_>, index: usize) -> Result<Name, Fault> {
    let pattern = call.text(index)?;
    is_pattern(&pattern)?;
    Ok(pattern)
}

/// Whether a text is a pattern of dates.
///
/// # Errors
/// When it is none.
pub(super) fn is_pattern(text: &str) -> Result<(), Fault> {
    const MOST_BYTES: usize = 1_000;
    // Whether it is one shows when it is used; what can be written can be read.
    let sample = Timestamp::UNIX_EPOCH.to_zoned_datetime(TimeZone::UTC);
    if text.len() > MOST_BYTES || strtime::format(text, &sample).is_err() {
        return Err(no_pattern());
    }
    Ok(())
}

/// The moment at which a zone's clock shows `wall`.
pub(super) fn instant(wall: civil::DateTime, zone: &TimeZone) -> Result<Value, Fault> {
    first_instant(wall, zone).map(Value::DateTime).ok_or_else(beyond)
}

/// The fault of a date that no calendar here has.
pub(super) fn beyond() -> Fault {
    Fault::new("the date lies beyond the calendar")
}

fn no_pattern() -> Fault {
    Fault::new("not a date pattern, such as \"%d.%m.%Y\"")
}

fn at(call: &Call<'_>, index: usize) -> Result<Timestamp, Fault> {
    match call.value(index) {
        Value::DateTime(at) => Ok(at),
        other => Err(unexpected("datetime", &other)),
    }
}

fn date(call: &Call<'_>, index: usize) -> Result<Date, Fault> {
    match call.value(index) {
        Value::Date(date) => Ok(date),
        other => Err(unexpected("date", &other)),
    }
}

fn length(call: &Call<'_>, index: usize) -> Result<i64, Fault> {
    match call.value(index) {
        Value::Duration(length) => Ok(length),
        other => Err(unexpected("duration", &other)),
    }
}

/// The time of day whose hour and minute are the arguments from `index` on.
fn time(call: &Call<'_>, index: usize) -> Result<Time, Fault> {
    let (hour, minute) = (call.int(index)?, call.int(index + 1)?);
    let part = |number: i64| i8::try_from(number).unwrap_or(-1);
    Time::new(part(hour), part(minute), 0, 0)
        .map_err(|_| Fault(format!("{hour}:{minute:02} is not a time of day, such as 9, 30")))
}

/// So many units of the calendar.
fn span(count: i64, unit: Unit) -> Result<Span, Fault> {
    let span = Span::new();
    match unit {
        Unit::Year => span.try_years(count),
        Unit::Month => span.try_months(count),
        Unit::Week => span.try_weeks(count),
        _ => span.try_days(count),
    }
    .map_err(|_| beyond())
}

/// The whole units of the calendar from one time of a clock to another; below zero when the other is earlier.
fn apart(from: civil::DateTime, to: civil::DateTime, unit: Unit) -> Result<Value, Fault> {
    let span = from.until((unit, to)).map_err(|_| beyond())?;
    Ok(Value::Int(match unit {
        Unit::Year => i64::from(span.get_years()),
        Unit::Month => i64::from(span.get_months()),
        _ => i64::from(span.get_days()),
    }))
}

/// The first day of the date's week (a Monday), month or year.
fn first_day(date: Date, unit: Unit) -> Result<Date, Fault> {
    Ok(match unit {
        Unit::Year => date.first_of_year(),
        Unit::Month => date.first_of_month(),
        Unit::Week => {
            let back = i64::from(date.weekday().to_monday_zero_offset());
            date.checked_sub(span(back, Unit::Day)?).map_err(|_| beyond())?
        }
        _ => date,
    })
}

/// The date with another day of its month; a day that the month lacks becomes its last.
fn with_day(date: Date, day: i64) -> Result<Date, Fault> {
    let day = i8::try_from(day).ok().filter(|day| (1..=31).contains(day));
    let day = day.ok_or_else(|| Fault::new("a day of the month is between 1 and 31"))?;
    date.with().day(day.min(date.days_in_month())).build().map_err(|_| beyond())
}

fn is_weekend(date: Date) -> bool {
    matches!(date.weekday(), civil::Weekday::Saturday | civil::Weekday::Sunday)
}
