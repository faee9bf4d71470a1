//! The function `toString` of any value.

use super::printed;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "toString",
    method: true,
    params: &[Param::needed("value", Shape::Any)],
    result: Shape::Text,
    doc: "The value as a template prints it.",
    examples: &[("(1 + 1).toString()", r#""2""#), ("(90 minutes).toString()", r#""1 hour 30 minutes""#)],
    apply: |call| printed(&call.value(0), |value| value.to_string()),
};
