//! The function `find` of a list.

use super::holds;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "find",
    method: true,
    params: &[
        Param::needed("list", Shape::List(&Shape::A)),
        Param::needed("test", Shape::Function(&Shape::A, &Shape::Bool)),
    ],
    result: Shape::Optional(&Shape::A),
    doc: "The first item for which `test` is true, if there is one.",
    examples: &[("[1, 2, 3].find(n => n > 1)", "2"), ("[1].find(n => n > 1)", "null")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    for item in call.list(0)?.iter() {
        if holds(call, item)? {
            return Ok(item.clone());
        }
    }
    Ok(Value::Null)
}
