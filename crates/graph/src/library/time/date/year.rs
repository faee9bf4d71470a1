//! The function `year` of a date.

use super::part;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "year",
    method: true,
    params: &[Param::needed("date", Shape::Date)],
    result: Shape::Int,
    doc: "The year.",
    examples: &[(r#""2026-11-24".toDate().year()"#, "2026"), (r#""0001-01-01".toDate().year()"#, "1")],
    apply: |call| part(call, |date| date.year()),
};
