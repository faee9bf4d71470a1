//! The function `at` of a list.

use super::place;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "at",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::A)), Param::needed("index", Shape::Int)],
    result: Shape::Optional(&Shape::A),
    doc: "The item at a position, if there is one: the first is 0, the last is -1.",
    examples: &[("[5, 6].at(1)", "6"), ("[5, 6].at(-1)", "6"), ("[5, 6].at(2)", "null")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let items = call.list(0)?;
    let item = place(call.int(1)?, items.len()).and_then(|place| items.get(place));
    Ok(item.cloned().unwrap_or(Value::Null))
}
