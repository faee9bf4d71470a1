//! The function `mask` of a text.

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "mask",
    method: true,
    params: &[Param::needed("text", Shape::Text), Param::needed("keepLast", Shape::Int)],
    result: Shape::Text,
    doc: "The text with a `*` for each character but the last `keepLast` ones.",
    examples: &[
        (r#""+4915112345".mask(3)"#, r#""********345""#),
        (r#""12".mask(4)"#, r#""12""#),
        (r#""secret".mask(0)"#, r#""******""#),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (text, kept) = (call.text(0)?, call.count(1)?);
    let hidden = text.chars().count().saturating_sub(kept);
    Ok(Value::from("*".repeat(hidden) + &text.chars().skip(hidden).collect::<String>()))
}
