//! The function `plusYears` of a moment.

use jiff::Unit;

use super::later;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "plusYears",
    method: true,
    params: &[
        Param::needed("at", Shape::DateTime),
        Param::needed("years", Shape::Int),
        Param::needed("zone", Shape::TimeZone),
    ],
    result: Shape::DateTime,
    doc: "The same day and time so many years later on a zone's calendar; 29 February becomes the 28th where there is none, a number below zero goes back.",
    examples: &[
        (r#""2026-11-24T08:00:00Z".toDateTime().plusYears(1, "UTC")"#, r#""2027-11-24T08:00:00Z""#),
        (r#""2028-02-29T12:00:00Z".toDateTime().plusYears(1, "UTC")"#, r#""2029-02-28T12:00:00Z""#),
    ],
    apply: |call| later(call, Unit::Year),
};
