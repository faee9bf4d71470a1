//! The function `round` of a number.

use rust_decimal::RoundingStrategy;

use super::rounded;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "round",
    method: true,
    params: &[Param::needed("number", Shape::Decimal), Param::optional("digits", Shape::Int)],
    result: Shape::Decimal,
    doc: "The number rounded to so many digits after the point (none if left out); halves go away from zero.",
    examples: &[("(2.345).round(2)", "2.35"), ("(2.5).round()", "3"), ("(-2.5).round()", "-3")],
    apply: |call| rounded(call, RoundingStrategy::MidpointAwayFromZero),
};
