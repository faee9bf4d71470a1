//! The function `max` of a list.

use std::cmp::Ordering;

use super::extreme;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "max",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::A))],
    result: Shape::Optional(&Shape::A),
    doc: "The greatest item, if there is one; missing ones do not count.",
    examples: &[("[2, 1].max()", "2"), ("[1].filter(n => n > 1).max()", "null")],
    apply: |call| extreme(call, Ordering::Greater),
};
