//! The function `length` of a list.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "length",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::A))],
    result: Shape::Int,
    doc: "How many items the list has.",
    examples: &[("[5, 6].length()", "2"), ("[[1, 2], [3]].length()", "2")],
    apply: |call| Ok(Value::Int(call.list(0)?.len().try_into().unwrap_or(i64::MAX))),
};
