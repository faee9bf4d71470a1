//! The function `uuid` of a text.

use uuid::Uuid;

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "uuid",
    method: true,
    params: &[Param::needed("text", Shape::Text), Param::optional("namespace", Shape::Text)],
    result: Shape::Text,
    doc: "A UUID (version 5) that is always the same for the same text, in the namespace of another UUID or in that of object ids.",
    examples: &[
        (r#""a".uuid() == "a".uuid()"#, "true"),
        (
            r#""www.example.com".uuid("6ba7b810-9dad-11d1-80b4-00c04fd430c8")"#,
            r#""2ed6657d-e927-568b-95e1-2665a8aea6a2""#,
        ),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let namespace = match call.value(1).as_text() {
        None => Uuid::NAMESPACE_OID,
        Some(text) => text.parse().map_err(|_| Fault(format!("`{text}` is not a UUID")))?,
    };
    Ok(Value::from(Uuid::new_v5(&namespace, call.text(0)?.as_bytes()).to_string()))
}
