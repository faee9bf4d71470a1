//! The function `startOfMonth` of a moment.

use jiff::Unit;

use super::start;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "startOfMonth",
    method: true,
    params: &[Param::needed("at", Shape::DateTime), Param::needed("zone", Shape::TimeZone)],
    result: Shape::DateTime,
    doc: "The first moment of the month on a zone's calendar.",
    examples: &[
        (r#""2026-11-24T08:00:00Z".toDateTime().startOfMonth("Europe/Berlin")"#, r#""2026-10-31T23:00:00Z""#),
        (r#""2026-12-31T23:30:00Z".toDateTime().startOfMonth("Europe/Berlin")"#, r#""2026-12-31T23:00:00Z""#),
    ],
    apply: |call| start(call, Unit::Month),
};
