//! The function `min` of a list.

use std::cmp::Ordering;

use super::extreme;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "min",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::A))],
    result: Shape::Optional(&Shape::A),
    doc: "The least item, if there is one; missing ones do not count.",
    examples: &[("[2, 1].min()", "1"), (r#"["b", "a"].min()"#, r#""a""#), ("[null, 3].min()", "3")],
    apply: |call| extreme(call, Ordering::Less),
};
