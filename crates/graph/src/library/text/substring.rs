//! The function `substring` of a text.

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "substring",
    method: true,
    params: &[
        Param::needed("text", Shape::Text),
        Param::needed("from", Shape::Int),
        Param::optional("to", Shape::Int),
    ],
    result: Shape::Text,
    doc: "The characters from position `from` up to, not including, `to` (or the end).",
    examples: &[(r#""journey".substring(0, 4)"#, r#""jour""#), (r#""journey".substring(4)"#, r#""ney""#)],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let from = usize::try_from(call.int(1)?.max(0)).unwrap_or(usize::MAX);
    let to = match call.value(2) {
        Value::Int(to) => usize::try_from(to.max(0)).unwrap_or(usize::MAX),
        _ => usize::MAX,
    };
    let text = call.text(0)?;
    Ok(Value::from(text.chars().skip(from).take(to.saturating_sub(from)).collect::<String>()))
}
