//! The function `present` of a list.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "present",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::Optional(&Shape::A)))],
    result: Shape::List(&Shape::A),
    doc: "The items without the missing ones, so that they may be used.",
    examples: &[("[1, null, 2].present()", "[1,2]"), ("[1, null].present().sum()", "1")],
    apply: |call| Ok(Value::list(call.list(0)?.iter().filter(|item| !item.is_null()).cloned())),
};
