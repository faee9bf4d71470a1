//! The function `urlEncode` of a text.

use super::url;
use crate::library::{Function, Param, Shape, bounded};

pub(super) const FUNCTION: Function = Function {
    name: "urlEncode",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Text,
    doc: "The text percent-encoded for a URL: all but letters, digits and `-._~`.",
    examples: &[(r#""a b&c".urlEncode()"#, r#""a%20b%26c""#), (r#""Zoë".urlEncode()"#, r#""Zo%C3%AB""#)],
    apply: |call| bounded(url(&call.text(0)?)),
};
