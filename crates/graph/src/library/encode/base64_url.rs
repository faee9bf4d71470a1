//! The function `base64Url` of a text.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::library::{Function, Param, Shape, bounded};

pub(super) const FUNCTION: Function = Function {
    name: "base64Url",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Text,
    doc: "The text's UTF-8 bytes in the Base64 of URLs, without padding.",
    examples: &[(r#""ada>?".base64Url()"#, r#""YWRhPj8""#), (r#""".base64Url()"#, r#""""#)],
    apply: |call| bounded(URL_SAFE_NO_PAD.encode(call.text(0)?.as_bytes())),
};
