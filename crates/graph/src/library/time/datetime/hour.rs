//! The function `hour` of a moment.

use super::{at, zone};
use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "hour",
    method: true,
    params: &[Param::needed("at", Shape::DateTime), Param::needed("zone", Shape::TimeZone)],
    result: Shape::Int,
    doc: "The hour on a zone's clock, 0 to 23.",
    examples: &[(r#""2026-11-24T08:00:00Z".toDateTime().hour("Europe/Berlin")"#, "9")],
    apply: |call| Ok(Value::Int(i64::from(zone(call, 1)?.to_datetime(at(call, 0)?).hour()))),
};
