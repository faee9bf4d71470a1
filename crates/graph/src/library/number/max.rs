//! The function `max`, which has no receiver.

use std::cmp::Ordering;

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "max",
    method: false,
    params: &[Param::needed("a", Shape::Number), Param::needed("b", Shape::Number)],
    result: Shape::Number,
    doc: "The larger of two numbers.",
    examples: &[("max(2, 3)", "3"), ("max(2, -1.5)", "2")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (a, b) = (call.value(0), call.value(1));
    Ok(if a.compare(&b).is_some_and(Ordering::is_ge) { a } else { b })
}
