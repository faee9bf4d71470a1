//! The function `toTimeZone` of a text.

use jiff::tz::TimeZone;

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "toTimeZone",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Optional(&Shape::TimeZone),
    doc: "The time zone that the text names, if there is one.",
    examples: &[
        (r#""Europe/Berlin".toTimeZone()"#, r#""Europe/Berlin""#),
        (r#""Berlin".toTimeZone()"#, "null"),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let text = call.text(0)?;
    Ok(if TimeZone::get(&text).is_ok() { Value::Text(text) } else { Value::Null })
}
