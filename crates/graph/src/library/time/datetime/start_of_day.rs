//! The function `startOfDay` of a moment.

use super::{at, instant, zone};
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "startOfDay",
    method: true,
    params: &[Param::needed("at", Shape::DateTime), Param::needed("zone", Shape::TimeZone)],
    result: Shape::DateTime,
    doc: "The first instant of the day on a zone's calendar.",
    examples: &[(
        r#""2026-11-24T08:00:00Z".toDateTime().startOfDay("Europe/Berlin")"#,
        r#""2026-11-23T23:00:00Z""#,
    )],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let zone = zone(call, 1)?;
    let midnight = zone.to_datetime(at(call, 0)?).date().to_datetime(jiff::civil::Time::midnight());
    instant(midnight, &zone)
}
