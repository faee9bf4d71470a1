//! The function `atTime` of a date.

use super::{date, instant, time, zone};
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "atTime",
    method: true,
    params: &[
        Param::needed("date", Shape::Date),
        Param::needed("hour", Shape::Int),
        Param::needed("minute", Shape::Int),
        Param::needed("zone", Shape::TimeZone),
    ],
    result: Shape::DateTime,
    doc: "The moment of this day at which a zone's clock shows this time.",
    examples: &[
        (r#""2026-11-24".toDate().atTime(9, 30, "Europe/Berlin")"#, r#""2026-11-24T08:30:00Z""#),
        (r#""2027-03-28".toDate().atTime(2, 30, "Europe/Berlin")"#, r#""2027-03-28T01:00:00Z""#),
    ],
    apply: |call| instant(date(call, 0)?.to_datetime(time(call, 1)?), &zone(call, 3)?),
};
