//! The function `withDay` of a date.

use super::{date, with_day};
use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "withDay",
    method: true,
    params: &[Param::needed("date", Shape::Date), Param::needed("day", Shape::Int)],
    result: Shape::Date,
    doc: "Another day of the same month; a day that the month lacks becomes its last.",
    examples: &[
        (r#""2026-11-24".toDate().withDay(1)"#, r#""2026-11-01""#),
        (r#""2026-11-24".toDate().withDay(31)"#, r#""2026-11-30""#),
    ],
    apply: |call| with_day(date(call, 0)?, call.int(1)?).map(Value::Date),
};
