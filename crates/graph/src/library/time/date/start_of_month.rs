//! The function `startOfMonth` of a date.

use jiff::Unit;

use super::{date, first_day};
use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "startOfMonth",
    method: true,
    params: &[Param::needed("date", Shape::Date)],
    result: Shape::Date,
    doc: "The first day of the date's month.",
    examples: &[
        (r#""2026-11-24".toDate().startOfMonth()"#, r#""2026-11-01""#),
        (r#""2028-02-29".toDate().startOfMonth()"#, r#""2028-02-01""#),
    ],
    apply: |call| first_day(date(call, 0)?, Unit::Month).map(Value::Date),
};
