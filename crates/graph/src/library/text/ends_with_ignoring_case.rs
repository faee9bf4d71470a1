//! The function `endsWithIgnoringCase` of a text.

use super::folded;
use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "endsWithIgnoringCase",
    method: true,
    params: &[Param::needed("text", Shape::Text), Param::needed("end", Shape::Text)],
    result: Shape::Bool,
    doc: "Whether the text ends with `end`, in capitals or small letters.",
    examples: &[
        (r#""Ada@Example.COM".endsWithIgnoringCase("@example.com")"#, "true"),
        (r#""a".endsWithIgnoringCase("")"#, "true"),
    ],
    apply: |call| Ok(Value::Bool(folded(&call.text(0)?).ends_with(&folded(&call.text(1)?)))),
};
