//! The function `abs` of a duration.

use super::length;
use crate::{
    Value,
    library::{Function, Param, Shape, number::overflow},
};

pub(super) const FUNCTION: Function = Function {
    name: "abs",
    method: true,
    params: &[Param::needed("length", Shape::Duration)],
    result: Shape::Duration,
    doc: "The duration without its sign.",
    examples: &[("(-2 hours).abs()", r#""2 hours""#), ("(0 seconds).abs()", r#""0 seconds""#)],
    apply: |call| length(call, 0)?.checked_abs().map(Value::Duration).ok_or_else(overflow),
};
