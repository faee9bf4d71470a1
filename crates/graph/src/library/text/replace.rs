//! The function `replace` of a text.

use crate::library::{Function, Param, Shape, bounded};

pub(super) const FUNCTION: Function = Function {
    name: "replace",
    method: true,
    params: &[
        Param::needed("text", Shape::Text),
        Param::needed("old", Shape::Text),
        Param::needed("new", Shape::Text),
    ],
    result: Shape::Text,
    doc: "The text with every `old` replaced by `new`.",
    examples: &[(r#""a-b-c".replace("-", "+")"#, r#""a+b+c""#)],
    apply: |call| bounded(call.text(0)?.replace(&*call.text(1)?, &call.text(2)?)),
};
