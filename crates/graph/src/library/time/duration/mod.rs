//! Functions on durations.

mod in_days;
mod in_hours;
mod in_seconds;

use super::unexpected;
use crate::{
    Value,
    library::{Call, Fault, Function},
};

/// The functions, in the order of the manual.
pub(super) static FUNCTIONS: &[Function] = &[in_seconds::FUNCTION, in_hours::FUNCTION, in_days::FUNCTION];

/// How many whole units of so many microseconds a duration has.
fn whole(call: &Call<'_>, micros: i64) -> Result<Value, Fault> {
    match call.value(0) {
        Value::Duration(length) => Ok(Value::Int(length / micros)),
        other => Err(unexpected("duration", &other)),
    }
}
