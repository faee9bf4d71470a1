//! The function `sortBy` of a list.

use std::cmp::Ordering;

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "sortBy",
    method: true,
    params: &[
        Param::needed("list", Shape::List(&Shape::A)),
        Param::needed("key", Shape::Function(&Shape::A, &Shape::B)),
    ],
    result: Shape::List(&Shape::A),
    doc: "The items in ascending order of what `key` gives for them.",
    examples: &[("[3, 1].sortBy(n => -n)", "[3,1]")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut keyed = Vec::new();
    for item in call.list(0)?.iter() {
        keyed.push((call.run(1, item.clone())?, item.clone()));
    }
    keyed.sort_by(|(a, _), (b, _)| a.compare(b).unwrap_or(Ordering::Equal));
    Ok(Value::list(keyed.into_iter().map(|(_, item)| item)))
}
