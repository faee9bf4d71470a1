//! The function `minute` of a moment.

use super::part;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "minute",
    method: true,
    params: &[Param::needed("at", Shape::DateTime), Param::needed("zone", Shape::TimeZone)],
    result: Shape::Int,
    doc: "The minute on a zone's clock, 0 to 59.",
    examples: &[
        (r#""2026-12-31T23:30:00Z".toDateTime().minute("UTC")"#, "30"),
        (r#""2026-12-31T23:30:00Z".toDateTime().minute("Asia/Kolkata")"#, "0"),
    ],
    apply: |call| part(call, |wall| wall.minute()),
};
