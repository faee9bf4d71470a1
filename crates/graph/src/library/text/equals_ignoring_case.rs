//! The function `equalsIgnoringCase` of a text.

use super::folded;
use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "equalsIgnoringCase",
    method: true,
    params: &[Param::needed("text", Shape::Text), Param::needed("other", Shape::Text)],
    result: Shape::Bool,
    doc: "Whether two texts are the same but for capitals and small letters.",
    examples: &[
        (r#""Gold".equalsIgnoringCase("GOLD")"#, "true"),
        (r#""gold".equalsIgnoringCase("gold ")"#, "false"),
    ],
    apply: |call| Ok(Value::Bool(folded(&call.text(0)?) == folded(&call.text(1)?))),
};
