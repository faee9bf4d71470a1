//! The function `distinct` of a list.

use std::collections::BTreeSet;

use super::Ordered;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "distinct",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::A))],
    result: Shape::List(&Shape::A),
    doc: "The items without repetitions, in the order of their first occurrence.",
    examples: &[("[1, 2, 1].distinct()", "[1,2]"), ("[1, 1.0, null, null].distinct()", "[1,null]")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut seen = BTreeSet::new();
    let items = call.list(0)?;
    Ok(Value::list(items.iter().filter(|item| seen.insert(Ordered((*item).clone()))).cloned()))
}
