//! The function `keys` of JSON.

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "keys",
    method: true,
    params: &[Param::needed("json", Shape::Json)],
    result: Shape::List(&Shape::Text),
    doc: "The names of the fields that JSON has, in their order; none if it is no record.",
    examples: &[
        (r#""{\"a\": {\"b\": [1, \"x\", true]}, \"n\": 2.50}".parseJson().keys()"#, r#"["a","n"]"#),
        (r#""[1]".parseJson().keys()"#, "[]"),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    Ok(match call.value(0) {
        Value::Record(record) => Value::list(record.iter().map(|(name, _)| Value::Text(name.clone()))),
        _ => Value::list([]),
    })
}
