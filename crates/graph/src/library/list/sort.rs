//! The function `sort` of a list.

use std::cmp::Ordering;

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "sort",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::A))],
    result: Shape::List(&Shape::A),
    doc: "The items in ascending order.",
    examples: &[("[3, 1, 2].sort()", "[1,2,3]")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut items = call.list(0)?.to_vec();
    items.sort_by(|a, b| a.compare(b).unwrap_or(Ordering::Equal));
    Ok(Value::List(items.into()))
}
