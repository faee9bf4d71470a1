//! The function `monthsUntil` of a date.

use jiff::Unit;

use super::until;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "monthsUntil",
    method: true,
    params: &[Param::needed("date", Shape::Date), Param::needed("other", Shape::Date)],
    result: Shape::Int,
    doc: "The whole months to the other date, below zero when it is earlier.",
    examples: &[
        (r#""2026-11-24".toDate().monthsUntil("2027-02-23".toDate())"#, "2"),
        (r#""2026-01-31".toDate().monthsUntil("2026-02-28".toDate())"#, "0"),
    ],
    apply: |call| until(call, Unit::Month),
};
