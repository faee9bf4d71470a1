//! The function `daysUntil` of a moment.

use jiff::Unit;

use super::until;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "daysUntil",
    method: true,
    params: &[
        Param::needed("at", Shape::DateTime),
        Param::needed("other", Shape::DateTime),
        Param::needed("zone", Shape::TimeZone),
    ],
    result: Shape::Int,
    doc: "The whole days to the other moment on a zone's calendar; below zero when it is earlier.",
    examples: &[
        (
            r#""2026-10-24T22:00:00Z".toDateTime().daysUntil("2026-10-25T23:00:00Z".toDateTime(), "Europe/Berlin")"#,
            "1",
        ),
        (
            r#""2026-11-24T08:00:00Z".toDateTime().daysUntil("2026-11-22T09:00:00Z".toDateTime(), "UTC")"#,
            "-1",
        ),
    ],
    apply: |call| until(call, Unit::Day),
};
