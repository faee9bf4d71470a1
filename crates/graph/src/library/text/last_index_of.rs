//! The function `lastIndexOf` of a text.

use super::position;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "lastIndexOf",
    method: true,
    params: &[Param::needed("text", Shape::Text), Param::needed("part", Shape::Text)],
    result: Shape::Optional(&Shape::Int),
    doc: "The position of the last `part` in the text (the first character is 0), if it has one.",
    examples: &[(r#""Zoë Zoë".lastIndexOf("ë")"#, "6"), (r#""cart".lastIndexOf("x")"#, "null")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let text = call.text(0)?;
    Ok(position(&text, text.rfind(&*call.text(1)?)))
}
