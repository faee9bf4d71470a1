//! The function `indexOf` of a text.

use super::position;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "indexOf",
    method: true,
    params: &[Param::needed("text", Shape::Text), Param::needed("part", Shape::Text)],
    result: Shape::Optional(&Shape::Int),
    doc: "The position of the first `part` in the text (the first character is 0), if it has one.",
    examples: &[(r#""Zoë Zoë".indexOf("ë")"#, "2"), (r#""cart".indexOf("x")"#, "null")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let text = call.text(0)?;
    Ok(position(&text, text.find(&*call.text(1)?)))
}
