//! The function `toDecimal` of a number.

use super::decimal;
use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "toDecimal",
    method: true,
    params: &[Param::needed("number", Shape::Decimal)],
    result: Shape::Decimal,
    doc: "The number as a decimal.",
    examples: &[("(2).toDecimal()", "2"), ("(2.50).toDecimal()", "2.50")],
    apply: |call| Ok(Value::Decimal(decimal(call, 0)?)),
};
