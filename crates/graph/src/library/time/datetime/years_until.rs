//! The function `yearsUntil` of a moment.

use jiff::Unit;

use super::until;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "yearsUntil",
    method: true,
    params: &[
        Param::needed("at", Shape::DateTime),
        Param::needed("other", Shape::DateTime),
        Param::needed("zone", Shape::TimeZone),
    ],
    result: Shape::Int,
    doc: "The whole years to the other moment on a zone's calendar; below zero when it is earlier.",
    examples: &[
        (
            r#""2026-11-24T08:00:00Z".toDateTime().yearsUntil("2028-11-24T08:00:00Z".toDateTime(), "UTC")"#,
            "2",
        ),
        (
            r#""2026-11-24T08:00:00Z".toDateTime().yearsUntil("2028-11-24T07:00:00Z".toDateTime(), "UTC")"#,
            "1",
        ),
    ],
    apply: |call| until(call, Unit::Year),
};
