//! The function `floor` of a number.

use super::{decimal, integer};
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "floor",
    method: true,
    params: &[Param::needed("number", Shape::Decimal)],
    result: Shape::Int,
    doc: "The greatest integer that is not above the number.",
    examples: &[("(2.7).floor()", "2"), ("(-2.1).floor()", "-3")],
    apply: |call| integer(decimal(call, 0)?.floor()),
};
