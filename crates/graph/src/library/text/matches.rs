//! The function `matches` of a text.

use regex::RegexBuilder;

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "matches",
    method: true,
    params: &[Param::needed("text", Shape::Text), Param::needed("pattern", Shape::Text)],
    result: Shape::Bool,
    doc: "Whether the regular expression matches somewhere in the text; takes linear time.",
    examples: &[(r#""ada@example.com".matches("^[^@]+@[^@]+$")"#, "true")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let pattern = RegexBuilder::new(&call.text(1)?)
        .size_limit(1 << 20)
        .build()
        .map_err(|_| Fault::new("not a regular expression, or one that is too large"))?;
    Ok(Value::Bool(pattern.is_match(&call.text(0)?)))
}
