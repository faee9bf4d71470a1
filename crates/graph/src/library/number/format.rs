//! The function `format` of a number.

use rust_decimal::RoundingStrategy;

use super::{decimal, digits};
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "format",
    method: true,
    params: &[Param::needed("number", Shape::Decimal), Param::needed("digits", Shape::Int)],
    result: Shape::Text,
    doc: "The number with exactly so many digits after the point.",
    examples: &[("(3).format(2)", r#""3.00""#)],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let digits = digits(call, 1)?;
    let number = decimal(call, 0)?.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
    Ok(Value::from(format!("{number:.*}", usize::try_from(digits).unwrap_or(0))))
}
