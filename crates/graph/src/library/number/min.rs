//! The function `min`, which has no receiver.

use std::cmp::Ordering;

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "min",
    method: false,
    params: &[Param::needed("a", Shape::Number), Param::needed("b", Shape::Number)],
    result: Shape::Number,
    doc: "The smaller of two numbers.",
    examples: &[("min(2, 3)", "2"), ("min(2, 1.5)", "1.5")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (a, b) = (call.value(0), call.value(1));
    Ok(if a.compare(&b).is_some_and(Ordering::is_le) { a } else { b })
}
