//! The function `length` of a text.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "length",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Int,
    doc: "How many characters the text has.",
    examples: &[(r#""Zoë".length()"#, "3"), (r#""".length()"#, "0")],
    apply: |call| Ok(Value::Int(call.text(0)?.chars().count().try_into().unwrap_or(i64::MAX))),
};
