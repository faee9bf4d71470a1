//! The function `capitalize` of a text.

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape, bounded},
};

pub(super) const FUNCTION: Function = Function {
    name: "capitalize",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Text,
    doc: "The text with its first letter in capitals and the rest as it is.",
    examples: &[(r#""ada lovelace".capitalize()"#, r#""Ada lovelace""#), (r#""".capitalize()"#, r#""""#)],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let text = call.text(0)?;
    let mut rest = text.chars();
    let first: String = rest.next().map(|letter| letter.to_uppercase().collect()).unwrap_or_default();
    bounded(first + rest.as_str())
}
