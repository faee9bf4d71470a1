//! The function `plusDays` of a date.

use jiff::Unit;

use super::later;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "plusDays",
    method: true,
    params: &[Param::needed("date", Shape::Date), Param::needed("days", Shape::Int)],
    result: Shape::Date,
    doc: "The date so many days later; a number below zero goes back.",
    examples: &[
        (r#""2026-11-24".toDate().plusDays(7)"#, r#""2026-12-01""#),
        (r#""2026-11-24".toDate().plusDays(-24)"#, r#""2026-10-31""#),
    ],
    apply: |call| later(call, Unit::Day),
};
