//! The function `yearsUntil` of a date.

use jiff::Unit;

use super::until;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "yearsUntil",
    method: true,
    params: &[Param::needed("date", Shape::Date), Param::needed("other", Shape::Date)],
    result: Shape::Int,
    doc: "The whole years to the other date, below zero when it is earlier; of a birthday to today it is the age.",
    examples: &[
        (r#""1990-11-25".toDate().yearsUntil("2026-11-24".toDate())"#, "35"),
        (r#""2028-02-29".toDate().yearsUntil("2029-02-28".toDate())"#, "0"),
    ],
    apply: |call| until(call, Unit::Year),
};
