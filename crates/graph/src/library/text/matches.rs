//! The function `matches` of a text.

use super::{is_regex, pattern};
use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "matches",
    method: true,
    params: &[Param::needed("text", Shape::Text), Param::spelled("pattern", is_regex)],
    result: Shape::Bool,
    doc: "Whether the regular expression matches somewhere in the text; takes linear time.",
    examples: &[
        (r#""ada@example.com".matches("^[^@]+@[^@]+$")"#, "true"),
        (r#""ada".matches("^a$")"#, "false"),
    ],
    apply: |call| Ok(Value::Bool(pattern(call, 1)?.is_match(&call.text(0)?))),
};
