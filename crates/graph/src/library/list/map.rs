//! The function `map` of a list.

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "map",
    method: true,
    params: &[
        Param::needed("list", Shape::List(&Shape::A)),
        Param::needed("change", Shape::Function(&Shape::A, &Shape::B)),
    ],
    result: Shape::List(&Shape::B),
    doc: "What `change` makes of each item.",
    examples: &[("[1, 2].map(n => n * 10)", "[10,20]"), (r#"["a"].map(t => t.upper())"#, r#"["A"]"#)],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let items = call.list(0)?;
    let mut changed = Vec::with_capacity(items.len());
    for item in items.iter() {
        changed.push(call.run(1, item.clone())?);
    }
    Ok(Value::List(changed.into()))
}
