//! The function `abs` of a number.

use super::overflow;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape, unexpected},
};

pub(super) const FUNCTION: Function = Function {
    name: "abs",
    method: true,
    params: &[Param::needed("number", Shape::Number)],
    result: Shape::Number,
    doc: "The number without its sign.",
    examples: &[("(-3).abs()", "3"), ("(-1.50).abs()", "1.50")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    match call.value(0) {
        Value::Int(number) => number.checked_abs().map(Value::Int).ok_or_else(overflow),
        Value::Decimal(number) => Ok(Value::Decimal(number.abs())),
        other => Err(unexpected("number", &other)),
    }
}
