//! The function `filter` of a list.

use super::holds;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "filter",
    method: true,
    params: &[
        Param::needed("list", Shape::List(&Shape::A)),
        Param::needed("keep", Shape::Function(&Shape::A, &Shape::Bool)),
    ],
    result: Shape::List(&Shape::A),
    doc: "The items for which `keep` is true.",
    examples: &[("[1, 2, 3].filter(n => n > 1)", "[2,3]"), ("[1].filter(n => n > 1)", "[]")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut kept = Vec::new();
    for item in call.list(0)?.iter() {
        if holds(call, item)? {
            kept.push(item.clone());
        }
    }
    Ok(Value::List(kept.into()))
}
