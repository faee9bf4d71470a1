//! The function `toInt` of a number.

use super::{decimal, integer};
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "toInt",
    method: true,
    params: &[Param::needed("number", Shape::Decimal)],
    result: Shape::Int,
    doc: "The whole part of the number: what follows the point is left out.",
    examples: &[("(2.9).toInt()", "2"), ("(-2.9).toInt()", "-2")],
    apply: |call| integer(decimal(call, 0)?.trunc()),
};
