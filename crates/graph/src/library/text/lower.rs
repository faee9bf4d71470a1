//! The function `lower` of a text.

use crate::library::{Function, Param, Shape, bounded};

pub(super) const FUNCTION: Function = Function {
    name: "lower",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Text,
    doc: "The text in small letters.",
    examples: &[(r#""ADA".lower()"#, r#""ada""#), (r#""Ärger 1".lower()"#, r#""ärger 1""#)],
    apply: |call| bounded(call.text(0)?.to_lowercase()),
};
