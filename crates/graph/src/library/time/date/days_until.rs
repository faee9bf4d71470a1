//! The function `daysUntil` of a date.

use jiff::Unit;

use super::until;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "daysUntil",
    method: true,
    params: &[Param::needed("date", Shape::Date), Param::needed("other", Shape::Date)],
    result: Shape::Int,
    doc: "The whole days to the other date, below zero when it is earlier.",
    examples: &[
        (r#""2026-11-24".toDate().daysUntil("2026-12-24".toDate())"#, "30"),
        (r#""2026-11-24".toDate().daysUntil("2026-11-23".toDate())"#, "-1"),
    ],
    apply: |call| until(call, Unit::Day),
};
