//! The function `sortByDescending` of a list.

use super::sorted_by;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "sortByDescending",
    method: true,
    params: &[
        Param::needed("list", Shape::List(&Shape::A)),
        Param::needed("key", Shape::Function(&Shape::A, &Shape::B)),
    ],
    result: Shape::List(&Shape::A),
    doc: "The items in descending order of what `key` gives for them; those with the same key stay in their order.",
    examples: &[
        (r#"["a", "bb", "c"].sortByDescending(t => t.length())"#, r#"["bb","a","c"]"#),
        ("[1].sortByDescending(n => n)", "[1]"),
    ],
    apply: |call| sorted_by(call, true),
};
