//! The function `contains` of a list.

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "contains",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::A)), Param::needed("item", Shape::A)],
    result: Shape::Bool,
    doc: "Whether the list has the item; `1` and `1.0` are the same.",
    examples: &[("[1, 2].contains(2)", "true"), ("[1.0, 2.0].contains(2)", "true")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let item = call.value(1);
    Ok(Value::Bool(call.list(0)?.iter().any(|known| known.means_same(&item))))
}
