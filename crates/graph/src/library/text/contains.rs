//! The function `contains` of a text.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "contains",
    method: true,
    params: &[Param::needed("text", Shape::Text), Param::needed("part", Shape::Text)],
    result: Shape::Bool,
    doc: "Whether `part` occurs in the text; the empty text occurs in every one.",
    examples: &[(r#""cart".contains("ar")"#, "true"), (r#""cart".contains("")"#, "true")],
    apply: |call| Ok(Value::Bool(call.text(0)?.contains(&*call.text(1)?))),
};
