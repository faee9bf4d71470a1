//! The function `maxBy` of a list.

use std::cmp::Ordering;

use super::extreme_by;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "maxBy",
    method: true,
    params: &[
        Param::needed("list", Shape::List(&Shape::A)),
        Param::needed("key", Shape::Function(&Shape::A, &Shape::B)),
    ],
    result: Shape::Optional(&Shape::A),
    doc: "The first item for which `key` gives the most, if there is one; a missing key does not count.",
    examples: &[
        (r#"["a", "bb", "cc"].maxBy(t => t.length())"#, r#""bb""#),
        ("[1].filter(n => n > 1).maxBy(n => n)", "null"),
    ],
    apply: |call| extreme_by(call, Ordering::Greater),
};
