//! The function `plusWeeks` of a moment.

use jiff::Unit;

use super::later;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "plusWeeks",
    method: true,
    params: &[
        Param::needed("at", Shape::DateTime),
        Param::needed("weeks", Shape::Int),
        Param::needed("zone", Shape::TimeZone),
    ],
    result: Shape::DateTime,
    doc: "The same time of day so many weeks later on a zone's calendar; a number below zero goes back.",
    examples: &[
        (r#""2026-10-24T08:00:00Z".toDateTime().plusWeeks(1, "Europe/Berlin")"#, r#""2026-10-31T09:00:00Z""#),
        (r#""2026-11-24T08:00:00Z".toDateTime().plusWeeks(-1, "UTC")"#, r#""2026-11-17T08:00:00Z""#),
    ],
    apply: |call| later(call, Unit::Week),
};
