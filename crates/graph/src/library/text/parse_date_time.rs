//! The function `parseDateTime` of a text.

use jiff::fmt::strtime;

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape, time},
};

pub(super) const FUNCTION: Function = Function {
    name: "parseDateTime",
    method: true,
    params: &[
        Param::needed("text", Shape::Text),
        Param::spelled("pattern", time::is_pattern),
        Param::needed("zone", Shape::TimeZone),
    ],
    result: Shape::Optional(&Shape::DateTime),
    doc: "The moment that the text spells by a strftime pattern on a zone's clock, if it does; an offset in the text (`%z`) comes before the zone, and without a time it is midnight.",
    examples: &[
        (
            r#""24.11.2026 09:00".parseDateTime("%d.%m.%Y %H:%M", "Europe/Berlin")"#,
            r#""2026-11-24T08:00:00Z""#,
        ),
        (r#""24.11.2026".parseDateTime("%d.%m.%Y", "UTC")"#, r#""2026-11-24T00:00:00Z""#),
        (r#""today".parseDateTime("%d.%m.%Y", "UTC")"#, "null"),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (text, pattern, zone) = (call.text(0)?, time::pattern(call, 1)?, time::zone(call, 2)?);
    let Ok(read) = strtime::parse(&*pattern, &*text) else { return Ok(Value::Null) };
    if let Ok(at) = read.to_timestamp() {
        return Ok(Value::DateTime(at));
    }
    match (read.to_date(), read.to_time()) {
        (Ok(date), Ok(time)) => time::instant(date.to_datetime(time), &zone),
        _ => Ok(Value::Null),
    }
}
