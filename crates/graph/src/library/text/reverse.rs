//! The function `reverse` of a text.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "reverse",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Text,
    doc: "The characters of the text from the last to the first.",
    examples: &[(r#""Zoë".reverse()"#, r#""ëoZ""#), (r#""".reverse()"#, r#""""#)],
    apply: |call| Ok(Value::from(call.text(0)?.chars().rev().collect::<String>())),
};
