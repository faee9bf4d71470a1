//! The function `toInt` of a text.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "toInt",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Optional(&Shape::Int),
    doc: "The integer that the text spells, if it does.",
    examples: &[(r#""42".toInt()"#, "42"), (r#""x".toInt()"#, "null")],
    apply: |call| Ok(call.text(0)?.trim().parse().map_or(Value::Null, Value::Int)),
};
