//! The function `asDate` of JSON.

use jiff::civil::Date;

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "asDate",
    method: true,
    params: &[Param::needed("json", Shape::Json)],
    result: Shape::Optional(&Shape::Date),
    doc: "The date that JSON holds as text, year-month-day, if it does.",
    examples: &[
        (r#""[\"2026-11-24\"]".parseJson().get("[0]").asDate()"#, r#""2026-11-24""#),
        (r#""{\"a\": {\"b\": [1, \"x\", true]}, \"n\": 2.50}".parseJson().get("n").asDate()"#, "null"),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    Ok(match call.value(0) {
        Value::Text(text) => text.parse::<Date>().map_or(Value::Null, Value::Date),
        date @ Value::Date(_) => date,
        _ => Value::Null,
    })
}
