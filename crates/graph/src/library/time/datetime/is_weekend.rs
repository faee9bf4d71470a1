//! The function `isWeekend` of a moment.

use super::{is_weekend, wall};
use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "isWeekend",
    method: true,
    params: &[Param::needed("at", Shape::DateTime), Param::needed("zone", Shape::TimeZone)],
    result: Shape::Bool,
    doc: "Whether it is a Saturday or a Sunday on a zone's calendar.",
    examples: &[
        (r#""2026-11-24T08:00:00Z".toDateTime().isWeekend("UTC")"#, "false"),
        (r#""2026-11-27T23:30:00Z".toDateTime().isWeekend("Europe/Berlin")"#, "true"),
    ],
    apply: |call| Ok(Value::Bool(is_weekend(wall(call, 1)?.date()))),
};
