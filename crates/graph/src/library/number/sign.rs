//! The function `sign` of a number.

use rust_decimal::Decimal;
use std::cmp::Ordering;

use super::decimal;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "sign",
    method: true,
    params: &[Param::needed("number", Shape::Number)],
    result: Shape::Int,
    doc: "1 above zero, -1 below it, 0 for zero.",
    examples: &[("(-2.5).sign()", "-1"), ("(0.00).sign()", "0")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    Ok(Value::Int(match decimal(call, 0)?.cmp(&Decimal::ZERO) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }))
}
