//! The function `monthsUntil` of a moment.

use jiff::Unit;

use super::until;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "monthsUntil",
    method: true,
    params: &[
        Param::needed("at", Shape::DateTime),
        Param::needed("other", Shape::DateTime),
        Param::needed("zone", Shape::TimeZone),
    ],
    result: Shape::Int,
    doc: "The whole months to the other moment on a zone's calendar; below zero when it is earlier.",
    examples: &[
        (
            r#""2026-11-24T08:00:00Z".toDateTime().monthsUntil("2027-02-23T08:00:00Z".toDateTime(), "UTC")"#,
            "2",
        ),
        (
            r#""2026-01-31T00:00:00Z".toDateTime().monthsUntil("2026-02-28T00:00:00Z".toDateTime(), "UTC")"#,
            "0",
        ),
    ],
    apply: |call| until(call, Unit::Month),
};
