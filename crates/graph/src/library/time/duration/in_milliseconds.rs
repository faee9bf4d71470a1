//! The function `inMilliseconds` of a duration.

use super::whole;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "inMilliseconds",
    method: true,
    params: &[Param::needed("length", Shape::Duration)],
    result: Shape::Int,
    doc: "The whole milliseconds of a duration.",
    examples: &[("(2 seconds).inMilliseconds()", "2000"), ("(-1 ms).inMilliseconds()", "-1")],
    apply: |call| whole(call, 1_000),
};
