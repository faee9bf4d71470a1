//! The function `trimEnd` of a text.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "trimEnd",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Text,
    doc: "The text without white space at its end.",
    examples: &[(r#"" a ".trimEnd()"#, r#"" a""#), (r#"" ".trimEnd()"#, r#""""#)],
    apply: |call| Ok(Value::from(call.text(0)?.trim_end())),
};
