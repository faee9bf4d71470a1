//! Functions on moments, dates and durations, one folder each.
//!
//! Calendar arithmetic names its zone; a wall time that the zone skips moves to the first valid instant after it, one
//! that comes twice means the first.

mod datetime;
mod duration;

use jiff::{Timestamp, tz::TimeZone};

use super::{Call, Fault, Function, unexpected};
use crate::{Value, schedule::first_instant};

/// The functions, in the order of the manual.
pub(super) fn functions() -> impl Iterator<Item = &'static Function> {
    datetime::FUNCTIONS.iter().chain(duration::FUNCTIONS)
}

fn at(call: &Call<'_>, index: usize) -> Result<Timestamp, Fault> {
    match call.value(index) {
        Value::DateTime(at) => Ok(at),
        other => Err(unexpected("datetime", &other)),
    }
}

fn zone(call: &Call<'_>, index: usize) -> Result<TimeZone, Fault> {
    let name = call.text(index)?;
    TimeZone::get(&name).map_err(|_| Fault(format!("`{name}` is not a time zone")))
}

fn instant(wall: jiff::civil::DateTime, zone: &TimeZone) -> Result<Value, Fault> {
    first_instant(wall, zone).map(Value::DateTime).ok_or_else(beyond)
}

fn beyond() -> Fault {
    Fault::new("the date lies beyond the calendar")
}
