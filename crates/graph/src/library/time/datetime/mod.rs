//! Functions on moments, most of them on a zone's clock and calendar.

mod date;
mod format;
mod hour;
mod plus_days;
mod plus_months;
mod start_of_day;
mod weekday;

use jiff::{Span, Unit};

use super::{at, beyond, instant, zone};
use crate::{
    Value,
    library::{Call, Fault, Function},
};

/// The functions, in the order of the manual.
pub(super) static FUNCTIONS: &[Function] = &[
    format::FUNCTION,
    date::FUNCTION,
    hour::FUNCTION,
    weekday::FUNCTION,
    plus_days::FUNCTION,
    plus_months::FUNCTION,
    start_of_day::FUNCTION,
];

/// The same time of day as many units later as argument 1 says, on the calendar of the zone at argument 2.
fn later(call: &Call<'_>, unit: Unit) -> Result<Value, Fault> {
    let zone = zone(call, 2)?;
    let count = call.int(1)?;
    let span = match unit {
        Unit::Month => Span::new().try_months(count),
        _ => Span::new().try_days(count),
    };
    let start = zone.to_datetime(at(call, 0)?);
    let wall = span.and_then(|span| start.checked_add(span)).map_err(|_| beyond())?;
    instant(wall, &zone)
}
