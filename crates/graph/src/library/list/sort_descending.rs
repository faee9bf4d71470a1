//! The function `sortDescending` of a list.

use super::sorted;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "sortDescending",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::A))],
    result: Shape::List(&Shape::A),
    doc: "The items in descending order, missing ones last.",
    examples: &[("[3, 1, 2].sortDescending()", "[3,2,1]"), ("[null, 1].sortDescending()", "[1,null]")],
    apply: |call| sorted(call, true),
};
