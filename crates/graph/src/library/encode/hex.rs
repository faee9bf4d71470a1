//! The function `hex` of a text.

use super::hexadecimal;
use crate::library::{Function, Param, Shape, bounded};

pub(super) const FUNCTION: Function = Function {
    name: "hex",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Text,
    doc: "The text's UTF-8 bytes in hexadecimal.",
    examples: &[(r#""ada".hex()"#, r#""616461""#), (r#""ë".hex()"#, r#""c3ab""#)],
    apply: |call| bounded(hexadecimal(call.text(0)?.as_bytes())),
};
