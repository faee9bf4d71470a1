//! The function `plusMonths` of a moment.

use jiff::Unit;

use super::later;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "plusMonths",
    method: true,
    params: &[
        Param::needed("at", Shape::DateTime),
        Param::needed("months", Shape::Int),
        Param::needed("zone", Shape::TimeZone),
    ],
    result: Shape::DateTime,
    doc: "The same day and time so many months later on a zone's calendar; a day that the month lacks becomes its last, a number below zero goes back.",
    examples: &[
        (r#""2026-01-31T12:00:00Z".toDateTime().plusMonths(1, "UTC")"#, r#""2026-02-28T12:00:00Z""#),
        (r#""2026-11-24T08:00:00Z".toDateTime().plusMonths(-1, "UTC")"#, r#""2026-10-24T08:00:00Z""#),
    ],
    apply: |call| later(call, Unit::Month),
};
