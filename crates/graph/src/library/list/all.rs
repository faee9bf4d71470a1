//! The function `all` of a list.

use super::holds;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "all",
    method: true,
    params: &[
        Param::needed("list", Shape::List(&Shape::A)),
        Param::needed("test", Shape::Function(&Shape::A, &Shape::Bool)),
    ],
    result: Shape::Bool,
    doc: "Whether `test` is true for every item; of none it is.",
    examples: &[("[1, 2].all(n => n > 1)", "false"), ("[1].filter(n => n > 1).all(n => false)", "true")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    for item in call.list(0)?.iter() {
        if !holds(call, item)? {
            return Ok(Value::Bool(false));
        }
    }
    Ok(Value::Bool(true))
}
