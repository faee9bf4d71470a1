//! The function `inMinutes` of a duration.

use super::whole;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "inMinutes",
    method: true,
    params: &[Param::needed("length", Shape::Duration)],
    result: Shape::Int,
    doc: "The whole minutes of a duration.",
    examples: &[("(1 hour).inMinutes()", "60"), ("(59 seconds).inMinutes()", "0")],
    apply: |call| whole(call, 60_000_000),
};
