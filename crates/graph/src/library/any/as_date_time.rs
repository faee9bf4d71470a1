//! The function `asDateTime` of JSON.

use jiff::Timestamp;

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "asDateTime",
    method: true,
    params: &[Param::needed("json", Shape::Json)],
    result: Shape::Optional(&Shape::DateTime),
    doc: "The moment that JSON holds as text in RFC 3339, if it does.",
    examples: &[
        (
            r#""[\"2026-11-24T09:00:00+01:00\"]".parseJson().get("[0]").asDateTime()"#,
            r#""2026-11-24T08:00:00Z""#,
        ),
        (r#""{\"a\": {\"b\": [1, \"x\", true]}, \"n\": 2.50}".parseJson().get("n").asDateTime()"#, "null"),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    Ok(match call.value(0) {
        Value::Text(text) => text.parse::<Timestamp>().map_or(Value::Null, Value::DateTime),
        at @ Value::DateTime(_) => at,
        _ => Value::Null,
    })
}
