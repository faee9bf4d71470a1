//! The function `trim` of a text.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "trim",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Text,
    doc: "The text without white space at its ends.",
    examples: &[(r#"" a b ".trim()"#, r#""a b""#), (r#""   ".trim()"#, r#""""#)],
    apply: |call| Ok(Value::from(call.text(0)?.trim())),
};
