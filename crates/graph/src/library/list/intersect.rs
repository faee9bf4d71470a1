//! The function `intersect` of a list.

use std::collections::BTreeSet;

use super::Ordered;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "intersect",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::A)), Param::needed("other", Shape::List(&Shape::A))],
    result: Shape::List(&Shape::A),
    doc: "The items that the other list has too, in the order of this one.",
    examples: &[("[1, 2, 3].intersect([3, 2])", "[2,3]"), ("[1].intersect([2])", "[]")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let other: BTreeSet<Ordered> = call.list(1)?.iter().cloned().map(Ordered).collect();
    Ok(Value::list(call.list(0)?.iter().filter(|item| other.contains(&Ordered((*item).clone()))).cloned()))
}
