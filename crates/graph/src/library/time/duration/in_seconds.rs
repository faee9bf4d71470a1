//! The function `inSeconds` of a duration.

use super::whole;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "inSeconds",
    method: true,
    params: &[Param::needed("length", Shape::Duration)],
    result: Shape::Int,
    doc: "The whole seconds of a duration.",
    examples: &[("(2 minutes).inSeconds()", "120"), ("(1500 ms).inSeconds()", "1")],
    apply: |call| whole(call, 1_000_000),
};
