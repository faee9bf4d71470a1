//! The function `take` of a list.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "take",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::A)), Param::needed("count", Shape::Int)],
    result: Shape::List(&Shape::A),
    doc: "The first `count` items, or all if there are fewer.",
    examples: &[("[1, 2, 3].take(2)", "[1,2]"), ("[1].take(-1)", "[]")],
    apply: |call| Ok(Value::list(call.list(0)?.iter().take(call.count(1)?).cloned())),
};
