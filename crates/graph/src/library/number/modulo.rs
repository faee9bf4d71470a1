//! The function `mod` of a number.

use super::{decimal, no_divisor};
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "mod",
    method: true,
    params: &[Param::needed("number", Shape::Number), Param::needed("by", Shape::Number)],
    result: Shape::Number,
    doc: "The remainder of the division by `by`, never below zero (`%` has the sign of the number).",
    examples: &[("(-7).mod(3)", "2"), ("(5.5).mod(2)", "1.5")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    if let (Value::Int(number), Value::Int(by)) = (call.value(0), call.value(1)) {
        // Wrapping, since the least number by -1 leaves nothing and yet overflows.
        return if by == 0 { Err(no_divisor()) } else { Ok(Value::Int(number.wrapping_rem_euclid(by))) };
    }
    let by = decimal(call, 1)?.abs();
    let rest = decimal(call, 0)?.checked_rem(by).ok_or_else(no_divisor)?;
    Ok(Value::Decimal(if rest.is_sign_negative() && !rest.is_zero() { rest + by } else { rest }))
}
