//! The function `repeat` of a text.

use super::long_enough;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape, bounded},
};

pub(super) const FUNCTION: Function = Function {
    name: "repeat",
    method: true,
    params: &[Param::needed("text", Shape::Text), Param::needed("times", Shape::Int)],
    result: Shape::Text,
    doc: "The text so many times over, at most 100,000 characters; below one time it is empty.",
    examples: &[(r#""ab".repeat(3)"#, r#""ababab""#), (r#""ab".repeat(-1)"#, r#""""#)],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (text, times) = (call.text(0)?, call.count(1)?);
    long_enough(text.chars().count().saturating_mul(times))?;
    bounded(if text.is_empty() { String::new() } else { text.repeat(times) })
}
