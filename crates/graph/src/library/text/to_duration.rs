//! The function `toDuration` of a text.

use jiff::SignedDuration;

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "toDuration",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Optional(&Shape::Duration),
    doc: "The duration that the text spells, if it does: in ISO 8601 or in words; a day has 24 hours.",
    examples: &[
        (r#""PT1H30M".toDuration()"#, r#""1 hour 30 minutes""#),
        (r#""2 hours".toDuration()"#, r#""2 hours""#),
        (r#""soon".toDuration()"#, "null"),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let text = call.text(0)?;
    let length = text.trim().parse::<SignedDuration>().ok();
    Ok(length.and_then(|length| i64::try_from(length.as_micros()).ok()).map_or(Value::Null, Value::Duration))
}
