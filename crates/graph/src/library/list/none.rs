//! The function `none` of a list.

use super::holds;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "none",
    method: true,
    params: &[
        Param::needed("list", Shape::List(&Shape::A)),
        Param::needed("test", Shape::Function(&Shape::A, &Shape::Bool)),
    ],
    result: Shape::Bool,
    doc: "Whether `test` is true for no item.",
    examples: &[("[1, 2].none(n => n > 2)", "true"), ("[1, 2].none(n => n > 1)", "false")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    for item in call.list(0)?.iter() {
        if holds(call, item)? {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}
