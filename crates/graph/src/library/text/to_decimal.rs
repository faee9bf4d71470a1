//! The function `toDecimal` of a text.

use rust_decimal::Decimal;

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "toDecimal",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Optional(&Shape::Decimal),
    doc: "The decimal that the text spells, if it does.",
    examples: &[(r#""59.90".toDecimal()"#, "59.90"), (r#""1,5".toDecimal()"#, "null")],
    apply: |call| Ok(Decimal::from_str_exact(call.text(0)?.trim()).map_or(Value::Null, Value::Decimal)),
};
