//! The function `toJson` of any value.

use super::printed;
use crate::{
    json,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "toJson",
    method: true,
    params: &[Param::needed("value", Shape::Any)],
    result: Shape::Text,
    doc: "The value as JSON text.",
    examples: &[
        ("[1, 2].toJson()", r#""[1,2]""#),
        ("{ a: null, b: 1.50 }.toJson()", r#""{\"a\":null,\"b\":1.50}""#),
    ],
    apply: |call| printed(&call.value(0), json::write),
};
