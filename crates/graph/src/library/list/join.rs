//! The function `join` of a list.

use crate::{
    Value,
    library::{Bounded, Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "join",
    method: true,
    params: &[Param::needed("list", Shape::List(&Shape::Text)), Param::optional("separator", Shape::Text)],
    result: Shape::Text,
    doc: "The texts in one, with the separator (or nothing) between them.",
    examples: &[(r#"["a", "b"].join(", ")"#, r#""a, b""#), (r#"["a", "b"].join()"#, r#""ab""#)],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let separator = if call.value(1).is_null() { "".into() } else { call.text(1)? };
    let mut made = Bounded::default();
    for (index, item) in call.list(0)?.iter().enumerate() {
        if index > 0 {
            made.push(&separator)?;
        }
        made.push(item.as_text().unwrap_or_default())?;
    }
    Ok(made.into())
}
