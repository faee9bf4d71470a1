//! The function `count` of a list.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "count",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::A))],
    result: Shape::Int,
    doc: "How many items the list has.",
    examples: &[("[5, 6].count()", "2"), ("[1].filter(n => n > 1).count()", "0")],
    apply: |call| Ok(Value::Int(call.list(0)?.len().try_into().unwrap_or(i64::MAX))),
};
