//! The function `sort` of a list.

use super::sorted;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "sort",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::A))],
    result: Shape::List(&Shape::A),
    doc: "The items in ascending order, missing ones first.",
    examples: &[("[3, 1, 2].sort()", "[1,2,3]"), (r#"["b", "B", "a"].sort()"#, r#"["B","a","b"]"#)],
    apply: |call| sorted(call, false),
};
