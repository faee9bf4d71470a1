//! Functions on moments, most of them on a zone's clock and calendar.

mod date;
mod day;
mod days_until;
mod format;
mod hour;
mod in_last;
mod in_next;
mod is_between;
mod is_same_day;
mod is_weekend;
mod minute;
mod month;
mod months_until;
mod plus_days;
mod plus_months;
mod plus_weeks;
mod plus_years;
mod second;
mod start_of_day;
mod start_of_hour;
mod start_of_month;
mod start_of_week;
mod start_of_year;
mod to_milliseconds;
mod weekday;
mod with_day;
mod with_time;
mod within;
mod year;
mod years_until;

use jiff::{Unit, civil};

use super::{
    apart, at, beyond, first_day, instant, is_pattern, is_weekend, length, no_pattern, pattern, span, time,
    with_day, zone,
};
use crate::{
    Value,
    library::{Call, Fault, Function},
};

/// The functions, in the order of the manual.
pub(super) static FUNCTIONS: &[Function] = &[
    year::FUNCTION,
    month::FUNCTION,
    day::FUNCTION,
    hour::FUNCTION,
    minute::FUNCTION,
    second::FUNCTION,
    weekday::FUNCTION,
    is_weekend::FUNCTION,
    date::FUNCTION,
    format::FUNCTION,
    plus_days::FUNCTION,
    plus_weeks::FUNCTION,
    plus_months::FUNCTION,
    plus_years::FUNCTION,
    with_time::FUNCTION,
    with_day::FUNCTION,
    start_of_hour::FUNCTION,
    start_of_day::FUNCTION,
    start_of_week::FUNCTION,
    start_of_month::FUNCTION,
    start_of_year::FUNCTION,
    days_until::FUNCTION,
    months_until::FUNCTION,
    years_until::FUNCTION,
    is_same_day::FUNCTION,
    is_between::FUNCTION,
    within::FUNCTION,
    in_last::FUNCTION,
    in_next::FUNCTION,
    to_milliseconds::FUNCTION,
];

/// What the clock of the zone at argument `index` shows.
fn wall(call: &Call<'_>, index: usize) -> Result<civil::DateTime, Fault> {
    Ok(zone(call, index)?.to_datetime(at(call, 0)?))
}

/// A part of what the clock of the zone at argument 1 shows.
fn part<N: Into<i64>>(call: &Call<'_>, of: fn(civil::DateTime) -> N) -> Result<Value, Fault> {
    Ok(Value::Int(of(wall(call, 1)?).into()))
}

/// The same time of day as many units later as argument 1 says, on the calendar of the zone at argument 2.
fn later(call: &Call<'_>, unit: Unit) -> Result<Value, Fault> {
    let wall = wall(call, 2)?.checked_add(span(call.int(1)?, unit)?).map_err(|_| beyond())?;
    instant(wall, &zone(call, 2)?)
}

/// The whole units to the moment at argument 1, on the calendar of the zone at argument 2.
fn until(call: &Call<'_>, unit: Unit) -> Result<Value, Fault> {
    apart(wall(call, 2)?, zone(call, 2)?.to_datetime(at(call, 1)?), unit)
}

/// The beginning of the day, week, month or year, on the calendar of the zone at argument 1.
fn start(call: &Call<'_>, unit: Unit) -> Result<Value, Fault> {
    let day = first_day(wall(call, 1)?.date(), unit)?;
    instant(day.to_datetime(civil::Time::midnight()), &zone(call, 1)?)
}
