//! The function `endOfMonth` of a date.

use super::date;
use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "endOfMonth",
    method: true,
    params: &[Param::needed("date", Shape::Date)],
    result: Shape::Date,
    doc: "The last day of the date's month.",
    examples: &[
        (r#""2026-11-24".toDate().endOfMonth()"#, r#""2026-11-30""#),
        (r#""2028-02-01".toDate().endOfMonth()"#, r#""2028-02-29""#),
    ],
    apply: |call| Ok(Value::Date(date(call, 0)?.last_of_month())),
};
