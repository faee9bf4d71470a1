//! The function `ceil` of a number.

use super::{decimal, integer};
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "ceil",
    method: true,
    params: &[Param::needed("number", Shape::Decimal)],
    result: Shape::Int,
    doc: "The least integer that is not below the number.",
    examples: &[("(2.1).ceil()", "3"), ("(-2.9).ceil()", "-2")],
    apply: |call| integer(decimal(call, 0)?.ceil()),
};
