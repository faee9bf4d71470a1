//! The function `trimStart` of a text.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "trimStart",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Text,
    doc: "The text without white space at its beginning.",
    examples: &[(r#"" a ".trimStart()"#, r#""a ""#), (r#"" ".trimStart()"#, r#""""#)],
    apply: |call| Ok(Value::from(call.text(0)?.trim_start())),
};
