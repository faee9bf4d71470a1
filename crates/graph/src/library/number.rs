//! Functions on numbers. Integers stay integers, decimals are exact; what overflows is a fault, never a wrong figure.

use rust_decimal::{Decimal, RoundingStrategy};

use super::{Call, Fault, Function, Shape, functions, unexpected};
use crate::Value;

const D: Shape = Shape::Decimal;

pub(super) const FUNCTIONS: &[Function] = functions![
    "round" method ("number": D, ? "digits": Shape::Int) -> D,
        "The number rounded to so many digits after the point (none if left out); halves go away from zero.",
        ["(2.345).round(2)" => "2.35", "(2.5).round()" => "3"],
        |call| rounded(call, RoundingStrategy::MidpointAwayFromZero);
    "roundHalfEven" method ("number": D, ? "digits": Shape::Int) -> D,
        "The number rounded to so many digits after the point; halves go to the even neighbour.",
        ["(2.5).roundHalfEven()" => "2"],
        |call| rounded(call, RoundingStrategy::MidpointNearestEven);
    "floor" method ("number": D) -> Shape::Int, "The greatest integer that is not above the number.",
        ["(2.7).floor()" => "2"],
        |call| integer(decimal(call, 0)?.floor());
    "ceil" method ("number": D) -> Shape::Int, "The least integer that is not below the number.",
        ["(2.1).ceil()" => "3"],
        |call| integer(decimal(call, 0)?.ceil());
    "abs" method ("number": Shape::Number) -> Shape::Number, "The number without its sign.",
        ["(-3).abs()" => "3"],
        |call| match call.value(0) {
            Value::Int(number) => number.checked_abs().map(Value::Int).ok_or_else(overflow),
            Value::Decimal(number) => Ok(Value::Decimal(number.abs())),
            other => Err(unexpected("number", &other)),
        };
    "min" function ("a": Shape::Number; "b": Shape::Number) -> Shape::Number, "The smaller of two numbers.",
        ["min(2, 3)" => "2"],
        |call| {
            let (a, b) = (call.value(0), call.value(1));
            Ok(if a.compare(&b).is_some_and(std::cmp::Ordering::is_le) { a } else { b })
        };
    "max" function ("a": Shape::Number; "b": Shape::Number) -> Shape::Number, "The larger of two numbers.",
        ["max(2, 3)" => "3"],
        |call| {
            let (a, b) = (call.value(0), call.value(1));
            Ok(if a.compare(&b).is_some_and(std::cmp::Ordering::is_ge) { a } else { b })
        };
    "format" method ("number": D; "digits": Shape::Int) -> Shape::Text,
        "The number with exactly so many digits after the point.",
        ["(3).format(2)" => "\"3.00\""],
        |call| {
            let digits = digits(call, 1)?;
            let number = decimal(call, 0)?
                .round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
            Ok(Value::from(format!("{number:.*}", usize::try_from(digits).unwrap_or(0))))
        };
];

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
