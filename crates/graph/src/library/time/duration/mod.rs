//! Functions on durations.

mod abs;
mod in_days;
mod in_hours;
mod in_milliseconds;
mod in_minutes;
mod in_seconds;

use super::length;
use crate::{
    Value,
    library::{Call, Fault, Function},
};

/// The functions, in the order of the manual.
pub(super) static FUNCTIONS: &[Function] = &[
    in_milliseconds::FUNCTION,
    in_seconds::FUNCTION,
    in_minutes::FUNCTION,
    in_hours::FUNCTION,
    in_days::FUNCTION,
    abs::FUNCTION,
];

/// How many whole units of so many microseconds a duration has.
fn whole(call: &Call<'_>, micros: i64) -> Result<Value, Fault> {
    Ok(Value::Int(length(call, 0)? / micros))
}
