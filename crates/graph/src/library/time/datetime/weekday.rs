//! The function `weekday` of a moment.

use super::{at, zone};
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "weekday",
    method: true,
    params: &[Param::needed("at", Shape::DateTime), Param::needed("zone", Shape::TimeZone)],
    result: Shape::Int,
    doc: "The day of the week on a zone's calendar, Monday is 1.",
    examples: &[(r#""2026-11-24T08:00:00Z".toDateTime().weekday("Europe/Berlin")"#, "2")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let day = zone(call, 1)?.to_datetime(at(call, 0)?).date().weekday();
    Ok(Value::Int(i64::from(day.to_monday_one_offset())))
}
