//! The function `join` of a list.

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape, bounded},
};

pub(super) const FUNCTION: Function = Function {
    name: "join",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::Text)), Param::needed("separator", Shape::Text)],
    result: Shape::Text,
    doc: "The texts in one, with the separator between them.",
    examples: &[(r#"["a", "b"].join(", ")"#, r#""a, b""#)],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let items = call.list(0)?;
    let parts: Vec<&str> = items.iter().filter_map(Value::as_text).collect();
    bounded(parts.join(&call.text(1)?))
}
