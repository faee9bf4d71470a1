//! The function `isEmpty` of a text.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "isEmpty",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Bool,
    doc: "Whether the text has no characters.",
    examples: &[(r#""".isEmpty()"#, "true"), (r#"" ".isEmpty()"#, "false")],
    apply: |call| Ok(Value::Bool(call.text(0)?.is_empty())),
};
