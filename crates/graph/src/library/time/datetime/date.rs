//! The function `date` of a moment.

use super::{at, zone};
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
    examples: &[(r#""2026-11-24T23:30:00Z".toDateTime().date("Europe/Berlin")"#, r#""2026-11-25""#)],
    apply: |call| Ok(Value::Date(zone(call, 1)?.to_datetime(at(call, 0)?).date())),
};
