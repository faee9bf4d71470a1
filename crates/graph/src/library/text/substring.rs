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
    doc: "The characters from position `from` (the first is 0) up to, not including, `to` (or the end); what lies outside is left out.",
    examples: &[
        (r#""journey".substring(0, 4)"#, r#""jour""#),
        (r#""journey".substring(4)"#, r#""ney""#),
        (r#""ab".substring(5)"#, r#""""#),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let from = call.count(1)?;
    let to = if call.value(2).is_null() { usize::MAX } else { call.count(2)? };
    let text = call.text(0)?;
    Ok(Value::from(text.chars().skip(from).take(to.saturating_sub(from)).collect::<String>()))
}
