//! The function `inHours` of a duration.

use super::whole;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "inHours",
    method: true,
    params: &[Param::needed("length", Shape::Duration)],
    result: Shape::Int,
    doc: "The whole hours of a duration.",
    examples: &[("(1 day).inHours()", "24"), ("(-90 minutes).inHours()", "-1")],
    apply: |call| whole(call, 3_600_000_000),
};
