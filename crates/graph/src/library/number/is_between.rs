//! The function `isBetween` of a number.

use crate::library::{Function, Param, Shape, between};

pub(super) const FUNCTION: Function = Function {
    name: "isBetween",
    method: true,
    params: &[
        Param::needed("number", Shape::Number),
        Param::needed("from", Shape::Number),
        Param::needed("to", Shape::Number),
    ],
    result: Shape::Bool,
    doc: "Whether the number is neither below `from` nor above `to`.",
    examples: &[("(5).isBetween(1, 5)", "true"), ("(5.01).isBetween(1, 5)", "false")],
    apply: |call| between(call),
};
