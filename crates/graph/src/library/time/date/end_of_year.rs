//! The function `endOfYear` of a date.

use super::date;
use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "endOfYear",
    method: true,
    params: &[Param::needed("date", Shape::Date)],
    result: Shape::Date,
    doc: "The last day of the date's year.",
    examples: &[
        (r#""2026-11-24".toDate().endOfYear()"#, r#""2026-12-31""#),
        (r#""2026-12-31".toDate().endOfYear()"#, r#""2026-12-31""#),
    ],
    apply: |call| Ok(Value::Date(date(call, 0)?.last_of_year())),
};
