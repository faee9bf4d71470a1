//! The function `startOfWeek` of a date.

use jiff::Unit;

use super::{date, first_day};
use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "startOfWeek",
    method: true,
    params: &[Param::needed("date", Shape::Date)],
    result: Shape::Date,
    doc: "The Monday of the date's week.",
    examples: &[
        (r#""2026-11-24".toDate().startOfWeek()"#, r#""2026-11-23""#),
        (r#""2026-11-29".toDate().startOfWeek()"#, r#""2026-11-23""#),
    ],
    apply: |call| first_day(date(call, 0)?, Unit::Week).map(Value::Date),
};
