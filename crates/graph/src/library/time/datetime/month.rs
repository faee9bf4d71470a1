//! The function `month` of a moment.

use super::part;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "month",
    method: true,
    params: &[Param::needed("at", Shape::DateTime), Param::needed("zone", Shape::TimeZone)],
    result: Shape::Int,
    doc: "The month on a zone's calendar, 1 to 12.",
    examples: &[
        (r#""2026-11-24T08:00:00Z".toDateTime().month("UTC")"#, "11"),
        (r#""2026-12-31T23:30:00Z".toDateTime().month("Europe/Berlin")"#, "1"),
    ],
    apply: |call| part(call, |wall| wall.month()),
};
