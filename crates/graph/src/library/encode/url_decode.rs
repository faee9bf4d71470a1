//! The function `urlDecode` of a text.

use percent_encoding::percent_decode_str;

use super::text_of;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "urlDecode",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Optional(&Shape::Text),
    doc: "The text behind percent-encoding, if it is one.",
    examples: &[(r#""a%20b+c".urlDecode()"#, r#""a b+c""#), (r#""%FF".urlDecode()"#, "null")],
    apply: |call| Ok(text_of(percent_decode_str(&call.text(0)?).collect())),
};
