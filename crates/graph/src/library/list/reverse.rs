//! The function `reverse` of a list.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "reverse",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::A))],
    result: Shape::List(&Shape::A),
    doc: "The items from the last to the first.",
    examples: &[("[1, 2, 3].reverse()", "[3,2,1]"), ("[1].filter(n => n > 1).reverse()", "[]")],
    apply: |call| Ok(Value::list(call.list(0)?.iter().rev().cloned())),
};
