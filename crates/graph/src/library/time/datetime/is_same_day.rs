//! The function `isSameDay` of a moment.

use super::{at, zone};
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "isSameDay",
    method: true,
    params: &[
        Param::needed("at", Shape::DateTime),
        Param::needed("other", Shape::DateTime),
        Param::needed("zone", Shape::TimeZone),
    ],
    result: Shape::Bool,
    doc: "Whether both moments are on the same day of a zone's calendar: `at.isSameDay(now, profile.timeZone)` is today.",
    examples: &[
        (
            r#""2026-11-24T08:00:00Z".toDateTime().isSameDay("2026-11-24T22:59:00Z".toDateTime(), "Europe/Berlin")"#,
            "true",
        ),
        (
            r#""2026-11-24T08:00:00Z".toDateTime().isSameDay("2026-11-24T23:00:00Z".toDateTime(), "Europe/Berlin")"#,
            "false",
        ),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let zone = zone(call, 2)?;
    Ok(Value::Bool(zone.to_datetime(at(call, 0)?).date() == zone.to_datetime(at(call, 1)?).date()))
}
