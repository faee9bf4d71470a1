//! The function `withTime` of a moment.

use super::{instant, time, wall, zone};
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "withTime",
    method: true,
    params: &[
        Param::needed("at", Shape::DateTime),
        Param::needed("hour", Shape::Int),
        Param::needed("minute", Shape::Int),
        Param::needed("zone", Shape::TimeZone),
    ],
    result: Shape::DateTime,
    doc: "The moment of the same day at which a zone's clock shows this time.",
    examples: &[
        (
            r#""2026-11-24T08:00:00Z".toDateTime().withTime(18, 30, "Europe/Berlin")"#,
            r#""2026-11-24T17:30:00Z""#,
        ),
        (
            r#""2027-03-28T12:00:00Z".toDateTime().withTime(2, 30, "Europe/Berlin")"#,
            r#""2027-03-28T01:00:00Z""#,
        ),
    ],
    apply: |call| instant(wall(call, 3)?.date().to_datetime(time(call, 1)?), &zone(call, 3)?),
};
