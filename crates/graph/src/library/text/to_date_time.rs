//! The function `toDateTime` of a text.

use jiff::Timestamp;

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "toDateTime",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::DateTime,
    doc: "The instant that the text gives in RFC 3339; anything else is an error.",
    examples: &[
        (r#""2026-11-24T09:00:00+01:00".toDateTime()"#, r#""2026-11-24T08:00:00Z""#),
        (r#""2026-11-24T09:00:00.5Z".toDateTime()"#, r#""2026-11-24T09:00:00.5Z""#),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let text = call.text(0)?;
    text.parse::<Timestamp>().map(Value::DateTime).map_err(|_| {
        Fault(format!("`{text}` is not a date and time with offset, such as 2026-11-24T09:00:00Z"))
    })
}
