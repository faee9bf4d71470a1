//! The function `month` of a date.

use super::part;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "month",
    method: true,
    params: &[Param::needed("date", Shape::Date)],
    result: Shape::Int,
    doc: "The month, 1 to 12.",
    examples: &[(r#""2026-11-24".toDate().month()"#, "11"), (r#""2028-02-29".toDate().month()"#, "2")],
    apply: |call| part(call, |date| date.month()),
};
