//! The function `parseDate` of a text.

use jiff::fmt::strtime;

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape, time},
};

pub(super) const FUNCTION: Function = Function {
    name: "parseDate",
    method: true,
    params: &[Param::needed("text", Shape::Text), Param::spelled("pattern", time::is_pattern)],
    result: Shape::Optional(&Shape::Date),
    doc: "The date that the text spells by a strftime pattern, if it does.",
    examples: &[
        (r#""24.11.2026".parseDate("%d.%m.%Y")"#, r#""2026-11-24""#),
        (r#""31.02.2026".parseDate("%d.%m.%Y")"#, "null"),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (text, pattern) = (call.text(0)?, time::pattern(call, 1)?);
    let read = strtime::parse(&*pattern, &*text).and_then(|read| read.to_date());
    Ok(read.map_or(Value::Null, Value::Date))
}
