//! The function `fraction` of a text.

use rust_decimal::Decimal;

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "fraction",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Decimal,
    doc: "A number from 0 up to, not including, 1 that looks drawn by chance but is always the same for the same text: `profile.customerId.fraction() < 0.1` picks a tenth of all people for good, and with another text before the id another tenth.",
    examples: &[
        (r#""c1".fraction() == "c1".fraction()"#, "true"),
        (r#""c1".fraction() == "spring c1".fraction()"#, "false"),
        (r#""".fraction() < 1"#, "true"),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let hash = blake3::hash(call.text(0)?.as_bytes());
    let mut bytes = [0; 8];
    bytes.iter_mut().zip(hash.as_bytes()).for_each(|(to, from)| *to = *from);
    // Twelve digits of 64 bits: no remainder is likelier than another by more than one in ten millions.
    let digits = i64::try_from(u64::from_le_bytes(bytes) % 1_000_000_000_000).unwrap_or(0);
    Ok(Value::Decimal(Decimal::new(digits, 12)))
}
