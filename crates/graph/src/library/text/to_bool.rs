//! The function `toBool` of a text.

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "toBool",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Optional(&Shape::Bool),
    doc: "The truth value that the text spells, if it does: `true` or `false`, in capitals or small letters.",
    examples: &[(r#""True".toBool()"#, "true"), (r#""yes".toBool()"#, "null")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let text = call.text(0)?;
    let is = |word: &str| text.trim().eq_ignore_ascii_case(word);
    Ok(if is("true") || is("false") { Value::Bool(is("true")) } else { Value::Null })
}
