//! The function `weekday` of a moment.

use super::part;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "weekday",
    method: true,
    params: &[Param::needed("at", Shape::DateTime), Param::needed("zone", Shape::TimeZone)],
    result: Shape::Int,
    doc: "The day of the week on a zone's calendar, Monday is 1.",
    examples: &[
        (r#""2026-11-24T08:00:00Z".toDateTime().weekday("Europe/Berlin")"#, "2"),
        (r#""2026-11-29T23:30:00Z".toDateTime().weekday("Europe/Berlin")"#, "1"),
    ],
    apply: |call| part(call, |wall| wall.weekday().to_monday_one_offset()),
};
