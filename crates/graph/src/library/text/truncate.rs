//! The function `truncate` of a text.

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "truncate",
    method: true,
    params: &[Param::needed("text", Shape::Text), Param::needed("length", Shape::Int)],
    result: Shape::Text,
    doc: "The first `length` characters; an ellipsis takes the place of the last one when something was cut.",
    examples: &[(r#""journey".truncate(4)"#, r#""jou…""#), (r#""go".truncate(4)"#, r#""go""#)],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (text, most) = (call.text(0)?, call.count(1)?);
    if text.chars().count() <= most {
        return Ok(Value::Text(text));
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    Ok(Value::from(if most == 0 { kept } else { kept + "…" }))
}
