//! The function `first` of a list.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "first",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::A))],
    result: Shape::Optional(&Shape::A),
    doc: "The first item, if there is one.",
    examples: &[("[1, 2].first()", "1"), ("[1].filter(n => n > 1).first()", "null")],
    apply: |call| Ok(call.list(0)?.first().cloned().unwrap_or(Value::Null)),
};
