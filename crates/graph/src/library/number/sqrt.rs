//! The function `sqrt` of a number.

use rust_decimal::Decimal;

use super::{decimal, overflow};
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "sqrt",
    method: true,
    params: &[Param::needed("number", Shape::Decimal)],
    result: Shape::Decimal,
    doc: "The square root, rounded to 14 digits after the point; a number below zero has none and faults.",
    examples: &[("(9).sqrt()", "3"), ("(2).sqrt()", "1.4142135623731")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let number = decimal(call, 0)?;
    if number.is_sign_negative() && !number.is_zero() {
        return Err(Fault::new("a number below zero has no square root"));
    }
    root(number).map(|root| Value::Decimal(root.round_dp(14).normalize())).ok_or_else(overflow)
}

/// Newton's steps from above, down to where they no longer fall; the method of the crate may panic when they swing.
fn root(number: Decimal) -> Option<Decimal> {
    const MOST_STEPS: usize = 200;
    let mut guess = number.checked_div(Decimal::TWO)?.checked_add(Decimal::ONE)?;
    for _ in 0..MOST_STEPS {
        let next = guess.checked_add(number.checked_div(guess)?)?.checked_div(Decimal::TWO)?;
        if next >= guess || next.is_zero() {
            break;
        }
        guess = next;
    }
    Some(guess)
}
