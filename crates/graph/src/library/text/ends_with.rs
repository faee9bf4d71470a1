//! The function `endsWith` of a text.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "endsWith",
    method: true,
    params: &[Param::needed("text", Shape::Text), Param::needed("end", Shape::Text)],
    result: Shape::Bool,
    doc: "Whether the text ends with `end`.",
    examples: &[(r#""cart".endsWith("rt")"#, "true"), (r#""cart".endsWith("")"#, "true")],
    apply: |call| Ok(Value::Bool(call.text(0)?.ends_with(&*call.text(1)?))),
};
