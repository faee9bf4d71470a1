//! The function `year` of a moment.

use super::part;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "year",
    method: true,
    params: &[Param::needed("at", Shape::DateTime), Param::needed("zone", Shape::TimeZone)],
    result: Shape::Int,
    doc: "The year on a zone's calendar.",
    examples: &[
        (r#""2026-11-24T08:00:00Z".toDateTime().year("UTC")"#, "2026"),
        (r#""2026-12-31T23:30:00Z".toDateTime().year("Europe/Berlin")"#, "2027"),
    ],
    apply: |call| part(call, |wall| wall.year()),
};
