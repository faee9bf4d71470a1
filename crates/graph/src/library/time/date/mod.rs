//! Functions on dates, which have no zone.

mod at_time;
mod day;
mod days_until;
mod end_of_month;
mod end_of_week;
mod end_of_year;
mod format;
mod is_anniversary;
mod is_between;
mod is_weekend;
mod month;
mod months_until;
mod plus_days;
mod plus_months;
mod plus_weeks;
mod plus_years;
mod start_of_month;
mod start_of_week;
mod start_of_year;
mod to_date_time;
mod weekday;
mod with_day;
mod year;
mod years_until;

use jiff::{
    Unit,
    civil::{Date, Time},
};

use super::{
    apart, beyond, date, first_day, instant, is_pattern, is_weekend, no_pattern, pattern, span, time,
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
    weekday::FUNCTION,
    is_weekend::FUNCTION,
    format::FUNCTION,
    plus_days::FUNCTION,
    plus_weeks::FUNCTION,
    plus_months::FUNCTION,
    plus_years::FUNCTION,
    with_day::FUNCTION,
    start_of_week::FUNCTION,
    start_of_month::FUNCTION,
    start_of_year::FUNCTION,
    end_of_week::FUNCTION,
    end_of_month::FUNCTION,
    end_of_year::FUNCTION,
    days_until::FUNCTION,
    months_until::FUNCTION,
    years_until::FUNCTION,
    is_anniversary::FUNCTION,
    is_between::FUNCTION,
    at_time::FUNCTION,
    to_date_time::FUNCTION,
];

fn part<N: Into<i64>>(call: &Call<'_>, of: fn(Date) -> N) -> Result<Value, Fault> {
    Ok(Value::Int(of(date(call, 0)?).into()))
}

/// As many units later as argument 1 says.
fn later(call: &Call<'_>, unit: Unit) -> Result<Value, Fault> {
    date(call, 0)?.checked_add(span(call.int(1)?, unit)?).map(Value::Date).map_err(|_| beyond())
}

/// The whole units to the date at argument 1.
fn until(call: &Call<'_>, unit: Unit) -> Result<Value, Fault> {
    let midnight = |date: Date| date.to_datetime(Time::midnight());
    apart(midnight(date(call, 0)?), midnight(date(call, 1)?), unit)
}
