//! The function `endOfWeek` of a date.

use jiff::Unit;

use super::{beyond, date, first_day, span};
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "endOfWeek",
    method: true,
    params: &[Param::needed("date", Shape::Date)],
    result: Shape::Date,
    doc: "The Sunday of the date's week.",
    examples: &[
        (r#""2026-11-24".toDate().endOfWeek()"#, r#""2026-11-29""#),
        (r#""2026-11-29".toDate().endOfWeek()"#, r#""2026-11-29""#),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let monday = first_day(date(call, 0)?, Unit::Week)?;
    monday.checked_add(span(6, Unit::Day)?).map(Value::Date).map_err(|_| beyond())
}
