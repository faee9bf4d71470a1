//! The function `weekday` of a date.

use super::part;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "weekday",
    method: true,
    params: &[Param::needed("date", Shape::Date)],
    result: Shape::Int,
    doc: "The day of the week, Monday is 1.",
    examples: &[(r#""2026-11-24".toDate().weekday()"#, "2"), (r#""2026-11-29".toDate().weekday()"#, "7")],
    apply: |call| part(call, |date| date.weekday().to_monday_one_offset()),
};
