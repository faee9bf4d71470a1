//! The function `base64Decode` of a text.

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

use super::text_of;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "base64Decode",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Optional(&Shape::Text),
    doc: "The text whose UTF-8 bytes the Base64 spells, in either alphabet, with or without padding, if there is one.",
    examples: &[
        (r#""YWRh".base64Decode()"#, r#""ada""#),
        (r#""YWRhPj8".base64Decode()"#, r#""ada>?""#),
        (r#""?".base64Decode()"#, "null"),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let text = call.text(0)?.trim_end_matches('=').replace('-', "+").replace('_', "/");
    Ok(STANDARD_NO_PAD.decode(text).map_or(Value::Null, text_of))
}
