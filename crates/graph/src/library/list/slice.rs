//! The function `slice` of a list.

use super::place;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "slice",
    method: true,
    params: &[
        Param::needed("list", Shape::List(&Shape::A)),
        Param::needed("from", Shape::Int),
        Param::optional("to", Shape::Int),
    ],
    result: Shape::List(&Shape::A),
    doc: "The items from position `from` up to, not including, `to` (or the end); negative positions count from the end.",
    examples: &[
        ("[1, 2, 3, 4].slice(1, 3)", "[2,3]"),
        ("[1, 2, 3].slice(-2)", "[2,3]"),
        ("[1].slice(3, 1)", "[]"),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let items = call.list(0)?;
    let from = place(call.int(1)?, items.len()).unwrap_or(0);
    let to = match call.value(2) {
        Value::Int(to) => place(to, items.len()).unwrap_or(0),
        _ => items.len(),
    };
    Ok(Value::list(items.iter().take(to).skip(from).cloned()))
}
