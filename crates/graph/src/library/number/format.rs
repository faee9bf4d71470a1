//! The function `format` of a number.

use rust_decimal::RoundingStrategy;

use super::{decimal, digits};
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape, bounded},
};

pub(super) const FUNCTION: Function = Function {
    name: "format",
    method: true,
    params: &[
        Param::needed("number", Shape::Decimal),
        Param::needed("digits", Shape::Int),
        Param::optional("point", Shape::Text),
        Param::optional("group", Shape::Text),
    ],
    result: Shape::Text,
    doc: "The number with exactly so many digits after the point, halves away from zero; with another `point`, and with `group` between the thousands.",
    examples: &[
        ("(3).format(2)", r#""3.00""#),
        (r#"(1234567.5).format(2, ",", ".")"#, r#""1.234.567,50""#),
        ("(-0.001).format(2)", r#""0.00""#),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let digits = digits(call, 1)?;
    let number = decimal(call, 0)?.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
    // Without a precision, and filled up here: with one, the crate panics beyond 32 characters.
    let plain = number.abs().to_string();
    let (whole, after) = plain.split_once('.').unwrap_or((&plain, ""));
    let digits = usize::try_from(digits).unwrap_or(0);
    let mut made = String::from(if number.is_sign_negative() && !number.is_zero() { "-" } else { "" });
    let group = if call.value(3).is_null() { "".into() } else { call.text(3)? };
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            made.push_str(&group);
        }
        made.push(digit);
    }
    if digits > 0 {
        made.push_str(&if call.value(2).is_null() { ".".into() } else { call.text(2)? });
        made.push_str(&format!("{after:0<digits$}"));
    }
    bounded(made)
}
