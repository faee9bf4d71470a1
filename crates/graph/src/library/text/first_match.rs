//! The function `firstMatch` of a text.

use super::{is_regex, pattern};
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "firstMatch",
    method: true,
    params: &[
        Param::needed("text", Shape::Text),
        Param::spelled("pattern", is_regex),
        Param::optional("group", Shape::Int),
    ],
    result: Shape::Optional(&Shape::Text),
    doc: "The first part of the text that the regular expression matches, or what a group of it matched there, if there is one.",
    examples: &[
        (r#""order 4711 of 12".firstMatch("[0-9]+")"#, r#""4711""#),
        (r#""id=42;".firstMatch("id=([0-9]+)", 1)"#, r#""42""#),
        (r#""none".firstMatch("[0-9]+")"#, "null"),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (text, group) = (call.text(0)?, call.count(2)?);
    let groups = pattern(call, 1)?.captures(&text);
    Ok(groups.and_then(|groups| groups.get(group)).map_or(Value::Null, |found| Value::from(found.as_str())))
}
