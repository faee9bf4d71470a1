//! The function `take` of a list.

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "take",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::A)), Param::needed("count", Shape::Int)],
    result: Shape::List(&Shape::A),
    doc: "The first `count` items.",
    examples: &[("[1, 2, 3].take(2)", "[1,2]")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let count = usize::try_from(call.int(1)?.max(0)).unwrap_or(usize::MAX);
    Ok(Value::list(call.list(0)?.iter().take(count).cloned()))
}
