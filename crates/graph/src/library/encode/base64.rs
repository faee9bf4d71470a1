//! The function `base64` of a text.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use crate::library::{Function, Param, Shape, bounded};

pub(super) const FUNCTION: Function = Function {
    name: "base64",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Text,
    doc: "The text's UTF-8 bytes in Base64.",
    examples: &[(r#""ada".base64()"#, r#""YWRh""#), (r#""".base64()"#, r#""""#)],
    apply: |call| bounded(STANDARD.encode(call.text(0)?.as_bytes())),
};
