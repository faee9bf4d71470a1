//! The function `date` of a moment.

use super::wall;
use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "date",
    method: true,
    params: &[Param::needed("at", Shape::DateTime), Param::needed("zone", Shape::TimeZone)],
    result: Shape::Date,
    doc: "The date on a zone's calendar.",
    examples: &[
        (r#""2026-11-24T23:30:00Z".toDateTime().date("Europe/Berlin")"#, r#""2026-11-25""#),
        (r#""2026-11-24T08:00:00Z".toDateTime().date("UTC")"#, r#""2026-11-24""#),
    ],
    apply: |call| Ok(Value::Date(wall(call, 1)?.date())),
};
