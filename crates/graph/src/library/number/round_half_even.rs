//! The function `roundHalfEven` of a number.

use rust_decimal::RoundingStrategy;

use super::rounded;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "roundHalfEven",
    method: true,
    params: &[Param::needed("number", Shape::Decimal), Param::optional("digits", Shape::Int)],
    result: Shape::Decimal,
    doc: "The number rounded to so many digits after the point; halves go to the even neighbour.",
    examples: &[("(2.5).roundHalfEven()", "2"), ("(2.345).roundHalfEven(2)", "2.34")],
    apply: |call| rounded(call, RoundingStrategy::MidpointNearestEven),
};
