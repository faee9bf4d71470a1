//! The function `startsWithIgnoringCase` of a text.

use super::folded;
use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "startsWithIgnoringCase",
    method: true,
    params: &[Param::needed("text", Shape::Text), Param::needed("start", Shape::Text)],
    result: Shape::Bool,
    doc: "Whether the text begins with `start`, in capitals or small letters.",
    examples: &[
        (r#""Cart".startsWithIgnoringCase("CA")"#, "true"),
        (r#""Cart".startsWithIgnoringCase("art")"#, "false"),
    ],
    apply: |call| Ok(Value::Bool(folded(&call.text(0)?).starts_with(&folded(&call.text(1)?)))),
};
