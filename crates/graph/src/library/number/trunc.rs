//! The function `trunc` of a number.

use rust_decimal::RoundingStrategy;

use super::rounded;
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "trunc",
    method: true,
    params: &[Param::needed("number", Shape::Decimal), Param::optional("digits", Shape::Int)],
    result: Shape::Decimal,
    doc: "The number without what follows so many digits after the point (none if left out).",
    examples: &[("(2.789).trunc(2)", "2.78"), ("(-2.7).trunc()", "-2")],
    apply: |call| rounded(call, RoundingStrategy::ToZero),
};
