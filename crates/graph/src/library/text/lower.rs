//! The function `lower` of a text.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "lower",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Text,
    doc: "The text in small letters.",
    examples: &[(r#""ADA".lower()"#, r#""ada""#)],
    apply: |call| Ok(Value::from(call.text(0)?.to_lowercase())),
};
