//! The function `startOfWeek` of a moment.

use jiff::Unit;

use super::start;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "startOfWeek",
    method: true,
    params: &[Param::needed("at", Shape::DateTime), Param::needed("zone", Shape::TimeZone)],
    result: Shape::DateTime,
    doc: "The first moment of the week, which is a Monday, on a zone's calendar.",
    examples: &[
        (r#""2026-11-24T08:00:00Z".toDateTime().startOfWeek("UTC")"#, r#""2026-11-23T00:00:00Z""#),
        (r#""2026-11-29T23:30:00Z".toDateTime().startOfWeek("Europe/Berlin")"#, r#""2026-11-29T23:00:00Z""#),
    ],
    apply: |call| start(call, Unit::Week),
};
