//! The function `isAnniversary` of a date.

use super::date;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "isAnniversary",
    method: true,
    params: &[Param::needed("date", Shape::Date), Param::needed("day", Shape::Date)],
    result: Shape::Bool,
    doc: "Whether `day` is the same day of the year, as a birthday is; 29 February has its anniversary on the 28th where there is none.",
    examples: &[
        (r#""1990-11-24".toDate().isAnniversary("2026-11-24".toDate())"#, "true"),
        (r#""2028-02-29".toDate().isAnniversary("2029-02-28".toDate())"#, "true"),
        (r#""2028-02-29".toDate().isAnniversary("2032-02-28".toDate())"#, "false"),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (date, day) = (date(call, 0)?, date(call, 1)?);
    let leaps = date.month() == 2 && date.day() == 29 && !day.in_leap_year();
    let wanted = if leaps { 28 } else { date.day() };
    Ok(Value::Bool(date.month() == day.month() && wanted == day.day()))
}
