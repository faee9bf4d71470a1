//! The function `startOfYear` of a date.

use jiff::Unit;

use super::{date, first_day};
use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "startOfYear",
    method: true,
    params: &[Param::needed("date", Shape::Date)],
    result: Shape::Date,
    doc: "The first day of the date's year.",
    examples: &[
        (r#""2026-11-24".toDate().startOfYear()"#, r#""2026-01-01""#),
        (r#""2026-01-01".toDate().startOfYear()"#, r#""2026-01-01""#),
    ],
    apply: |call| first_day(date(call, 0)?, Unit::Year).map(Value::Date),
};
