//! The function `distinctCount` of a list.

use std::collections::BTreeSet;

use super::Ordered;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "distinctCount",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::A))],
    result: Shape::Int,
    doc: "How many different items the list has.",
    examples: &[("[1, 2, 1].distinctCount()", "2"), ("[1, 1.0].distinctCount()", "1")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let items = call.list(0)?;
    let different: BTreeSet<Ordered> = items.iter().cloned().map(Ordered).collect();
    Ok(Value::Int(different.len().try_into().unwrap_or(i64::MAX)))
}
