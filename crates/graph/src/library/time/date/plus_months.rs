//! The function `plusMonths` of a date.

use jiff::Unit;

use super::later;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "plusMonths",
    method: true,
    params: &[Param::needed("date", Shape::Date), Param::needed("months", Shape::Int)],
    result: Shape::Date,
    doc: "The date so many months later; a day that the month lacks becomes its last, a number below zero goes back.",
    examples: &[
        (r#""2026-11-24".toDate().plusMonths(2)"#, r#""2027-01-24""#),
        (r#""2026-01-31".toDate().plusMonths(1)"#, r#""2026-02-28""#),
    ],
    apply: |call| later(call, Unit::Month),
};
