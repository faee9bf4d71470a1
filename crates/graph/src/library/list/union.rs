//! The function `union` of a list.

use std::collections::BTreeSet;

use super::Ordered;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape, listed},
};

pub(super) const FUNCTION: Function = Function {
    name: "union",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::A)), Param::needed("other", Shape::List(&Shape::A))],
    result: Shape::List(&Shape::A),
    doc: "The items of both lists without repetitions, at most 100,000.",
    examples: &[("[1, 2].union([2, 3])", "[1,2,3]"), ("[1, 1].union([1])", "[1]")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut seen = BTreeSet::new();
    let (items, other) = (call.list(0)?, call.list(1)?);
    listed(items.iter().chain(other.iter()).filter(|item| seen.insert(Ordered((*item).clone()))).cloned())
}
