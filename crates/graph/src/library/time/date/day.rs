//! The function `day` of a date.

use super::part;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "day",
    method: true,
    params: &[Param::needed("date", Shape::Date)],
    result: Shape::Int,
    doc: "The day of the month, 1 to 31.",
    examples: &[(r#""2026-11-24".toDate().day()"#, "24"), (r#""2028-02-29".toDate().day()"#, "29")],
    apply: |call| part(call, |date| date.day()),
};
