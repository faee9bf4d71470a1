//! The function `plusDays` of a moment.

use jiff::Unit;

use super::later;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "plusDays",
    method: true,
    params: &[
        Param::needed("at", Shape::DateTime),
        Param::needed("days", Shape::Int),
        Param::needed("zone", Shape::TimeZone),
    ],
    result: Shape::DateTime,
    doc: "The same time of day so many days later on a zone's calendar; a number below zero goes back.",
    examples: &[
        (r#""2026-10-24T08:00:00Z".toDateTime().plusDays(1, "Europe/Berlin")"#, r#""2026-10-25T09:00:00Z""#),
        (r#""2026-11-24T08:00:00Z".toDateTime().plusDays(-24, "UTC")"#, r#""2026-10-31T08:00:00Z""#),
    ],
    apply: |call| later(call, Unit::Day),
};
