//! The function `indexOf` of a list.

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "indexOf",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::A)), Param::needed("item", Shape::A)],
    result: Shape::Optional(&Shape::Int),
    doc: "The position of the first such item (the first position is 0), if there is one.",
    examples: &[("[5, 6, 6].indexOf(6)", "1"), ("[5].indexOf(6)", "null")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let item = call.value(1);
    let place = call.list(0)?.iter().position(|known| known.means_same(&item));
    Ok(place.map_or(Value::Null, |place| Value::Int(place.try_into().unwrap_or(i64::MAX))))
}
