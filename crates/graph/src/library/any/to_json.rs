//! The function `toJson` of any value.

use crate::{
    json,
    library::{Function, Param, Shape, bounded},
};

pub(super) const FUNCTION: Function = Function {
    name: "toJson",
    method: true,
    params: &[Param::needed("value", Shape::Any)],
    result: Shape::Text,
    doc: "The value as JSON text.",
    examples: &[("[1, 2].toJson()", r#""[1,2]""#)],
    apply: |call| bounded(json::write(&call.value(0))),
};
