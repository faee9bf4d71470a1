//! The function `sha1` of a text.

use sha1::{Digest, Sha1};

use super::hexadecimal;
use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "sha1",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Text,
    doc: "The SHA-1 of the text's UTF-8 bytes, in hexadecimal; only for partners who ask for it, since it no longer protects.",
    examples: &[(r#""ada".sha1().length()"#, "40"), (r#""".sha1().substring(0, 8)"#, r#""da39a3ee""#)],
    apply: |call| Ok(Value::from(hexadecimal(&Sha1::digest(call.text(0)?.as_bytes())))),
};
