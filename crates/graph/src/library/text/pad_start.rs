//! The function `padStart` of a text.

use super::padding;
use crate::library::{Function, Param, Shape, bounded};

pub(super) const FUNCTION: Function = Function {
    name: "padStart",
    method: true,
    params: &[
        Param::needed("text", Shape::Text),
        Param::needed("length", Shape::Int),
        Param::optional("filling", Shape::Text),
    ],
    result: Shape::Text,
    doc: "The text filled up at its beginning to `length` characters, at most 100,000, with `filling` or spaces; a longer text stays as it is.",
    examples: &[
        (r#""7".padStart(3, "0")"#, r#""007""#),
        (r#""1234".padStart(3, "0")"#, r#""1234""#),
        (r#""a".padStart(4, "xy")"#, r#""xyxa""#),
    ],
    apply: |call| bounded(padding(call)? + &*call.text(0)?),
};
