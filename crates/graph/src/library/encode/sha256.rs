//! The function `sha256` of a text.

use sha2::{Digest, Sha256};

use super::hexadecimal;
use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "sha256",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Text,
    doc: "The SHA-256 of the text's UTF-8 bytes, in hexadecimal.",
    examples: &[(r#""ada".sha256().substring(0, 8)"#, r#""fdee430d""#), (r#""".sha256().length()"#, "64")],
    apply: |call| Ok(Value::from(hexadecimal(&Sha256::digest(call.text(0)?.as_bytes())))),
};
