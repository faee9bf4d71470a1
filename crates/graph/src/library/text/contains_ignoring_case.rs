//! The function `containsIgnoringCase` of a text.

use super::folded;
use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "containsIgnoringCase",
    method: true,
    params: &[Param::needed("text", Shape::Text), Param::needed("part", Shape::Text)],
    result: Shape::Bool,
    doc: "Whether `part` occurs in the text, in capitals or small letters.",
    examples: &[
        (r#""Summer SALE".containsIgnoringCase("sale")"#, "true"),
        (r#""Straße".containsIgnoringCase("STRASSE")"#, "true"),
        (r#""a".containsIgnoringCase("b")"#, "false"),
    ],
    apply: |call| Ok(Value::Bool(folded(&call.text(0)?).contains(&folded(&call.text(1)?)))),
};
