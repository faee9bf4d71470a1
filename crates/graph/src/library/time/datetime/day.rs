//! The function `day` of a moment.

use super::part;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "day",
    method: true,
    params: &[Param::needed("at", Shape::DateTime), Param::needed("zone", Shape::TimeZone)],
    result: Shape::Int,
    doc: "The day of the month on a zone's calendar, 1 to 31.",
    examples: &[
        (r#""2026-11-24T08:00:00Z".toDateTime().day("UTC")"#, "24"),
        (r#""2026-12-31T23:30:00Z".toDateTime().day("Europe/Berlin")"#, "1"),
    ],
    apply: |call| part(call, |wall| wall.day()),
};
