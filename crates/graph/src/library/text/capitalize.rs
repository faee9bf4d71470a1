//! The function `capitalize` of a text.

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "capitalize",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Text,
    doc: "The text with its first letter in capitals.",
    examples: &[(r#""ada lovelace".capitalize()"#, r#""Ada lovelace""#)],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let text = call.text(0)?;
    let mut rest = text.chars();
    let first: String = rest.next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
    Ok(Value::from(first + rest.as_str()))
}
