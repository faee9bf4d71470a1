//! The function `format` of a moment.

use jiff::fmt::strtime;

use super::{at, zone};
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "format",
    method: true,
    params: &[
        Param::needed("at", Shape::DateTime),
        Param::needed("pattern", Shape::Text),
        Param::needed("zone", Shape::TimeZone),
    ],
    result: Shape::Text,
    doc: "The instant on a zone's clock, by a strftime pattern.",
    examples: &[(
        r#""2026-11-24T08:00:00Z".toDateTime().format("%d.%m.%Y %H:%M", "Europe/Berlin")"#,
        r#""24.11.2026 09:00""#,
    )],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let wall = zone(call, 2)?.to_datetime(at(call, 0)?);
    strtime::format(&*call.text(1)?, wall)
        .map(Value::from)
        .map_err(|_| Fault::new("not a date pattern, such as \"%d.%m.%Y\""))
}
