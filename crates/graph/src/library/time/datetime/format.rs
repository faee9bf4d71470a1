//! The function `format` of a moment.

use jiff::fmt::strtime;

use super::{at, is_pattern, no_pattern, pattern, zone};
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape, bounded},
};

pub(super) const FUNCTION: Function = Function {
    name: "format",
    method: true,
    params: &[
        Param::needed("at", Shape::DateTime),
        Param::spelled("pattern", is_pattern),
        Param::needed("zone", Shape::TimeZone),
    ],
    result: Shape::Text,
    doc: "The moment on a zone's clock, by a strftime pattern.",
    examples: &[
        (
            r#""2026-11-24T08:00:00Z".toDateTime().format("%d.%m.%Y %H:%M", "Europe/Berlin")"#,
            r#""24.11.2026 09:00""#,
        ),
        (
            r#""2026-11-24T08:00:00Z".toDateTime().format("%A, %-d %B, %H:%M %Z", "America/New_York")"#,
            r#""Tuesday, 24 November, 03:00 EST""#,
        ),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let shown = at(call, 0)?.to_zoned_datetime(zone(call, 2)?);
    strtime::format(&*pattern(call, 1)?, &shown).map_err(|_| no_pattern()).and_then(bounded)
}
