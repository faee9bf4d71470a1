//! The function `flatten` of a list.

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape, listed},
};

pub(super) const FUNCTION: Function = Function {
    name: "flatten",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::List(&Shape::A)))],
    result: Shape::List(&Shape::A),
    doc: "The items of all lists in one, at most 100,000.",
    examples: &[("[[1, 2], [3]].flatten()", "[1,2,3]"), ("[[1].filter(n => n > 1)].flatten()", "[]")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let lists = call.list(0)?;
    let items =
        lists.iter().filter_map(|list| if let Value::List(items) = list { Some(items) } else { None });
    listed(items.flat_map(|items| items.iter().cloned()))
}
