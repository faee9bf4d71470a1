//! The function `hour` of a moment.

use super::part;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "hour",
    method: true,
    params: &[Param::needed("at", Shape::DateTime), Param::needed("zone", Shape::TimeZone)],
    result: Shape::Int,
    doc: "The hour on a zone's clock, 0 to 23.",
    examples: &[
        (r#""2026-11-24T08:00:00Z".toDateTime().hour("Europe/Berlin")"#, "9"),
        (r#""2026-12-31T23:30:00Z".toDateTime().hour("Europe/Berlin")"#, "0"),
    ],
    apply: |call| part(call, |wall| wall.hour()),
};
