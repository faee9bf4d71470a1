//! Functions on numbers. Integers stay integers, decimals are exact; what overflows is a fault, never a wrong figure.

mod abs;
mod ceil;
mod clamp;
mod distance;
mod floor;
mod format;
mod is_between;
mod max;
mod min;
mod modulo;
mod pow;
mod round;
mod round_half_even;
mod sign;
mod sqrt;
mod to_date_time;
mod to_decimal;
mod to_int;
mod trunc;

use rust_decimal::{Decimal, RoundingStrategy};

use super::{Call, Fault, Function, unexpected};
use crate::Value;

/// The functions, in the order of the manual.
pub(super) static FUNCTIONS: &[Function] = &[
    round::FUNCTION,
    round_half_even::FUNCTION,
    floor::FUNCTION,
    ceil::FUNCTION,
    trunc::FUNCTION,
    abs::FUNCTION,
    sign::FUNCTION,
    clamp::FUNCTION,
    is_between::FUNCTION,
    modulo::FUNCTION,
    pow::FUNCTION,
    sqrt::FUNCTION,
    format::FUNCTION,
    to_int::FUNCTION,
    to_decimal::FUNCTION,
    to_date_time::FUNCTION,
    min::FUNCTION,
    max::FUNCTION,
    distance::FUNCTION,
];

/// The fault of a number that no longer fits.
pub fn overflow() -> Fault {
    Fault::new("the number grows too large")
}

/// The sum of two numbers.
pub(super) fn add(a: &Value, b: &Value) -> Result<Value, Fault> {
    match (a, b) {
        (Value::Int(a), Value::Int(b)) => a.checked_add(*b).map(Value::Int).ok_or_else(overflow),
        _ => match (a.as_decimal(), b.as_decimal()) {
            (Some(a), Some(b)) => a.checked_add(b).map(Value::Decimal).ok_or_else(overflow),
            (None, _) => Err(unexpected("number", a)),
            (_, None) => Err(unexpected("number", b)),
        },
    }
}

fn decimal(call: &Call<'_>, index: usize) -> Result<Decimal, Fault> {
    let value = call.value(index);
    value.as_decimal().ok_or_else(|| unexpected("number", &value))
}

fn digits(call: &Call<'_>, index: usize) -> Result<u32, Fault> {
    match call.value(index) {
        Value::Null => Ok(0),
        Value::Int(digits @ 0..=28) => Ok(u32::try_from(digits).unwrap_or(0)),
        _ => Err(Fault::new("digits must be between 0 and 28")),
    }
}

fn rounded(call: &Call<'_>, strategy: RoundingStrategy) -> Result<Value, Fault> {
    Ok(Value::Decimal(decimal(call, 0)?.round_dp_with_strategy(digits(call, 1)?, strategy)))
}

fn integer(number: Decimal) -> Result<Value, Fault> {
    i64::try_from(number).map(Value::Int).map_err(|_| overflow())
}

/// The fault of a division by zero, in whatever form.
fn no_divisor() -> Fault {
    Fault::new("division by zero")
}
