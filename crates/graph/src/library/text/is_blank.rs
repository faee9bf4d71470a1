//! The function `isBlank` of a text.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "isBlank",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Bool,
    doc: "Whether the text has nothing but white space.",
    examples: &[(r#"" ".isBlank()"#, "true"), (r#""".isBlank()"#, "true"), (r#"" a ".isBlank()"#, "false")],
    apply: |call| Ok(Value::Bool(call.text(0)?.trim().is_empty())),
};
