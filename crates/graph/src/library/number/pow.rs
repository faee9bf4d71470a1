//! The function `pow` of a number.

use rust_decimal::MathematicalOps;

use super::{decimal, no_divisor, overflow};
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "pow",
    method: true,
    params: &[Param::needed("number", Shape::Decimal), Param::needed("exponent", Shape::Decimal)],
    result: Shape::Decimal,
    doc: "The number to the power of `exponent`: exact for whole exponents as far as 28 digits go, rounded to 14 digits after the point for others.",
    examples: &[("(2).pow(10)", "1024"), ("(4).pow(0.5)", "2"), ("(2).pow(-2)", "0.25")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (number, exponent) = (decimal(call, 0)?, decimal(call, 1)?);
    if exponent.is_integer() {
        if number.is_zero() && exponent.is_sign_negative() && !exponent.is_zero() {
            return Err(no_divisor());
        }
        let exponent = i64::try_from(exponent).map_err(|_| overflow())?;
        return number.checked_powi(exponent).map(Value::Decimal).ok_or_else(overflow);
    }
    match (number.is_zero(), number.is_sign_negative(), exponent.is_sign_negative()) {
        (true, _, true) => Err(no_divisor()),
        (true, _, false) => Ok(Value::Decimal(number)),
        (false, true, _) => Err(Fault::new("a number below zero has no power with a fraction")),
        (false, false, _) => {
            let power = number.checked_ln().and_then(|log| log.checked_mul(exponent)?.checked_exp());
            power.map(|power| Value::Decimal(power.round_dp(14).normalize())).ok_or_else(overflow)
        }
    }
}
