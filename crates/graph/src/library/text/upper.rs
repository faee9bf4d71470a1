//! The function `upper` of a text.

use crate::library::{Function, Param, Shape, bounded};

pub(super) const FUNCTION: Function = Function {
    name: "upper",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Text,
    doc: "The text in capitals.",
    examples: &[(r#""ada".upper()"#, r#""ADA""#), (r#""straße".upper()"#, r#""STRASSE""#)],
    apply: |call| bounded(call.text(0)?.to_uppercase()),
};
