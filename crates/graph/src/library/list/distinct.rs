//! The function `distinct` of a list.

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
    examples: &[("[1, 2, 1].distinct()", "[1,2]")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut kept: Vec<Value> = Vec::new();
    for item in call.list(0)?.iter() {
        if !kept.iter().any(|known| known.means_same(item)) {
            kept.push(item.clone());
        }
    }
    Ok(Value::List(kept.into()))
}
