//! The function `replace` of a text.

use super::replaced;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "replace",
    method: true,
    params: &[
        Param::needed("text", Shape::Text),
        Param::needed("old", Shape::Text),
        Param::needed("new", Shape::Text),
    ],
    result: Shape::Text,
    doc: "The text with every `old` replaced by `new`, from left to right; an empty `old` stands between all characters.",
    examples: &[(r#""a-b-c".replace("-", "+")"#, r#""a+b+c""#), (r#""ab".replace("x", "y")"#, r#""ab""#)],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (text, old, new) = (call.text(0)?, call.text(1)?, call.text(2)?);
    replaced(&text, text.match_indices(&*old).map(|(at, found)| Ok((at..at + found.len(), new.to_string()))))
}
