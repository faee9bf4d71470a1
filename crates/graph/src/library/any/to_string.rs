//! The function `toString` of any value.

use crate::library::{Function, Param, Shape, bounded};

pub(super) const FUNCTION: Function = Function {
    name: "toString",
    method: true,
    params: &[Param::needed("value", Shape::Any)],
    result: Shape::Text,
    doc: "The value as a template prints it.",
    examples: &[("(1 + 1).toString()", r#""2""#)],
    apply: |call| bounded(call.value(0).to_string()),
};
