//! The function `toInt` of a truth value.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "toInt",
    method: true,
    params: &[Param::needed("truth", Shape::Bool)],
    result: Shape::Int,
    doc: "1 for `true`, 0 for `false`.",
    examples: &[("true.toInt()", "1"), ("(1 > 2).toInt()", "0")],
    apply: |call| Ok(Value::Int(i64::from(call.value(0).as_bool().unwrap_or_default()))),
};
