//! The function `isEmpty` of a list.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "isEmpty",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::A))],
    result: Shape::Bool,
    doc: "Whether the list has no items.",
    examples: &[("[1].isEmpty()", "false"), ("[1].filter(n => n > 1).isEmpty()", "true")],
    apply: |call| Ok(Value::Bool(call.list(0)?.is_empty())),
};
