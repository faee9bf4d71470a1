//! The function `minBy` of a list.

use std::cmp::Ordering;

use super::extreme_by;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "minBy",
    method: true,
    params: &[
        Param::needed("list", Shape::List(&Shape::A)),
        Param::needed("key", Shape::Function(&Shape::A, &Shape::B)),
    ],
    result: Shape::Optional(&Shape::A),
    doc: "The first item for which `key` gives the least, if there is one; a missing key does not count.",
    examples: &[
        (r#"["bb", "a"].minBy(t => t.length())"#, r#""a""#),
        ("[1].filter(n => n > 1).minBy(n => n)", "null"),
    ],
    apply: |call| extreme_by(call, Ordering::Less),
};
