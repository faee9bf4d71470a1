//! The function `skip` of a list.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "skip",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::A)), Param::needed("count", Shape::Int)],
    result: Shape::List(&Shape::A),
    doc: "All but the first `count` items.",
    examples: &[("[1, 2, 3].skip(1)", "[2,3]"), ("[1].skip(5)", "[]")],
    apply: |call| Ok(Value::list(call.list(0)?.iter().skip(call.count(1)?).cloned())),
};
