//! The function `avg` of a list.

use rust_decimal::Decimal;

use crate::{
    Value,
    library::{
        Call, Fault, Function, Param, Shape,
        number::{add, overflow},
    },
};

pub(super) const FUNCTION: Function = Function {
    name: "avg",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::Number))],
    result: Shape::Optional(&Shape::Decimal),
    doc: "The average of the items, if there are any.",
    examples: &[("[1, 2].avg()", "1.5"), ("[1].filter(n => n > 1).avg()", "null")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let items = call.list(0)?;
    let mut total = Value::Int(0);
    for item in items.iter() {
        total = add(&total, item)?;
    }
    let total = total.as_decimal().ok_or_else(overflow)?;
    let average = total.checked_div(Decimal::from(items.len()));
    Ok(average.map_or(Value::Null, |average| Value::Decimal(average.normalize())))
}
