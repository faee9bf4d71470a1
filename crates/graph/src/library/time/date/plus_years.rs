//! The function `plusYears` of a date.

use jiff::Unit;

use super::later;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "plusYears",
    method: true,
    params: &[Param::needed("date", Shape::Date), Param::needed("years", Shape::Int)],
    result: Shape::Date,
    doc: "The date so many years later; 29 February becomes the 28th where there is none, a number below zero goes back.",
    examples: &[
        (r#""2026-11-24".toDate().plusYears(-1)"#, r#""2025-11-24""#),
        (r#""2028-02-29".toDate().plusYears(1)"#, r#""2029-02-28""#),
    ],
    apply: |call| later(call, Unit::Year),
};
