//! The function `startsWith` of a text.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "startsWith",
    method: true,
    params: &[Param::needed("text", Shape::Text), Param::needed("start", Shape::Text)],
    result: Shape::Bool,
    doc: "Whether the text begins with `start`.",
    examples: &[(r#""cart".startsWith("ca")"#, "true"), (r#""cart".startsWith("Ca")"#, "false")],
    apply: |call| Ok(Value::Bool(call.text(0)?.starts_with(&*call.text(1)?))),
};
