//! The function `any` of a list.

use super::holds;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "any",
    method: true,
    params: &[
        Param::needed("list", Shape::List(&Shape::A)),
        Param::needed("test", Shape::Function(&Shape::A, &Shape::Bool)),
    ],
    result: Shape::Bool,
    doc: "Whether `test` is true for some item; of none it is not.",
    examples: &[("[1, 2].any(n => n > 1)", "true"), ("[1].filter(n => n > 1).any(n => true)", "false")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    for item in call.list(0)?.iter() {
        if holds(call, item)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}
