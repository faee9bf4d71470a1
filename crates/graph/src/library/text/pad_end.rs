//! The function `padEnd` of a text.

use super::padding;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape, bounded},
};

pub(super) const FUNCTION: Function = Function {
    name: "padEnd",
    method: true,
    params: &[
        Param::needed("text", Shape::Text),
        Param::needed("length", Shape::Int),
        Param::optional("filling", Shape::Text),
    ],
    result: Shape::Text,
    doc: "The text filled up at its end to `length` characters, at most 100,000, with `filling` or spaces; a longer text stays as it is.",
    examples: &[(r#""7".padEnd(3)"#, r#""7  ""#), (r#""1234".padEnd(3, "0")"#, r#""1234""#)],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let filling = padding(call)?;
    bounded(call.text(0)?.to_string() + &filling)
}
