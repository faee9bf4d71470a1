//! The function `last` of a list.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "last",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::A))],
    result: Shape::Optional(&Shape::A),
    doc: "The last item, if there is one.",
    examples: &[("[1, 2].last()", "2"), ("[1].filter(n => n > 1).last()", "null")],
    apply: |call| Ok(call.list(0)?.last().cloned().unwrap_or(Value::Null)),
};
