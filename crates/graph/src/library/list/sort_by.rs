//! The function `sortBy` of a list.

use super::sorted_by;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "sortBy",
    method: true,
    params: &[
        Param::needed("list", Shape::List(&Shape::A)),
        Param::needed("key", Shape::Function(&Shape::A, &Shape::B)),
    ],
    result: Shape::List(&Shape::A),
    doc: "The items in ascending order of what `key` gives for them; those with the same key stay in their order.",
    examples: &[
        ("[3, 1].sortBy(n => -n)", "[3,1]"),
        (r#"["bb", "a", "cc"].sortBy(t => t.length())"#, r#"["a","bb","cc"]"#),
    ],
    apply: |call| sorted_by(call, false),
};
