//! The function `inDays` of a duration.

use super::whole;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "inDays",
    method: true,
    params: &[Param::needed("length", Shape::Duration)],
    result: Shape::Int,
    doc: "The whole days of 24 hours of a duration.",
    examples: &[("(49 hours).inDays()", "2"), ("(1 hour).inDays()", "0")],
    apply: |call| whole(call, 86_400_000_000),
};
