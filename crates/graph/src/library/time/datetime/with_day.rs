//! The function `withDay` of a moment.

use super::{instant, wall, with_day, zone};
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "withDay",
    method: true,
    params: &[
        Param::needed("at", Shape::DateTime),
        Param::needed("day", Shape::Int),
        Param::needed("zone", Shape::TimeZone),
    ],
    result: Shape::DateTime,
    doc: "The same time of day on another day of the month on a zone's calendar; a day that the month lacks becomes its last.",
    examples: &[
        (r#""2026-11-24T08:00:00Z".toDateTime().withDay(1, "UTC")"#, r#""2026-11-01T08:00:00Z""#),
        (r#""2026-11-24T08:00:00Z".toDateTime().withDay(31, "UTC")"#, r#""2026-11-30T08:00:00Z""#),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let wall = wall(call, 2)?;
    instant(with_day(wall.date(), call.int(1)?)?.to_datetime(wall.time()), &zone(call, 2)?)
}
