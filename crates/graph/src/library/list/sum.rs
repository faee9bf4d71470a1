//! The function `sum` of a list.

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape, number::add},
};

pub(super) const FUNCTION: Function = Function {
    name: "sum",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::Number))],
    result: Shape::Number,
    doc: "The sum of the items; of none it is 0.",
    examples: &[("[1, 2, 3].sum()", "6"), ("[1.50, 2].sum()", "3.50"), ("[1].filter(n => n > 1).sum()", "0")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut total = Value::Int(0);
    for item in call.list(0)?.iter() {
        total = add(&total, item)?;
    }
    Ok(total)
}
