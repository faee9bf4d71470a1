//! The function `plusWeeks` of a date.

use jiff::Unit;

use super::later;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "plusWeeks",
    method: true,
    params: &[Param::needed("date", Shape::Date), Param::needed("weeks", Shape::Int)],
    result: Shape::Date,
    doc: "The date so many weeks later; a number below zero goes back.",
    examples: &[
        (r#""2026-11-24".toDate().plusWeeks(1)"#, r#""2026-12-01""#),
        (r#""2026-11-24".toDate().plusWeeks(-1)"#, r#""2026-11-17""#),
    ],
    apply: |call| later(call, Unit::Week),
};
