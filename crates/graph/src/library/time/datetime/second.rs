//! The function `second` of a moment.

use super::part;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "second",
    method: true,
    params: &[Param::needed("at", Shape::DateTime), Param::needed("zone", Shape::TimeZone)],
    result: Shape::Int,
    doc: "The second on a zone's clock, 0 to 59.",
    examples: &[
        (r#""2026-11-24T08:00:59.9Z".toDateTime().second("UTC")"#, "59"),
        (r#""2026-11-24T08:00:00Z".toDateTime().second("UTC")"#, "0"),
    ],
    apply: |call| part(call, |wall| wall.second()),
};
