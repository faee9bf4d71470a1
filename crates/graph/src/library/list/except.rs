//! The function `except` of a list.

use std::collections::BTreeSet;

use super::Ordered;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "except",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::A)), Param::needed("other", Shape::List(&Shape::A))],
    result: Shape::List(&Shape::A),
    doc: "The items that the other list does not have.",
    examples: &[("[1, 2, 3].except([2])", "[1,3]"), ("[1, 1].except([2])", "[1,1]")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let other: BTreeSet<Ordered> = call.list(1)?.iter().cloned().map(Ordered).collect();
    Ok(Value::list(call.list(0)?.iter().filter(|item| !other.contains(&Ordered((*item).clone()))).cloned()))
}
