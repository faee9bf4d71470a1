//! The function `upper` of a text.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "upper",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Text,
    doc: "The text in capitals.",
    examples: &[(r#""ada".upper()"#, r#""ADA""#)],
    apply: |call| Ok(Value::from(call.text(0)?.to_uppercase())),
};
