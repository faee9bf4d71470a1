//! The function `startOfDay` of a moment.

use jiff::Unit;

use super::start;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "startOfDay",
    method: true,
    params: &[Param::needed("at", Shape::DateTime), Param::needed("zone", Shape::TimeZone)],
    result: Shape::DateTime,
    doc: "The first moment of the day on a zone's calendar.",
    examples: &[
        (r#""2026-11-24T08:00:00Z".toDateTime().startOfDay("Europe/Berlin")"#, r#""2026-11-23T23:00:00Z""#),
        (
            r#""2026-09-06T12:00:00Z".toDateTime().startOfDay("America/Santiago")"#,
            r#""2026-09-06T04:00:00Z""#,
        ),
    ],
    apply: |call| start(call, Unit::Day),
};
