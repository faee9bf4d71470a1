//! The function `asList` of JSON.

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "asList",
    method: true,
    params: &[Param::needed("json", Shape::Json)],
    result: Shape::Optional(&Shape::List(&Shape::Json)),
    doc: "The list that JSON holds, if it is one.",
    examples: &[
        (
            r#""{\"a\": {\"b\": [1, \"x\", true]}, \"n\": 2.50}".parseJson().get("a.b").asList()"#,
            r#"[1,"x",true]"#,
        ),
        (r#""{\"a\": {\"b\": [1, \"x\", true]}, \"n\": 2.50}".parseJson().get("n").asList()"#, "null"),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let value = call.value(0);
    Ok(if matches!(value, Value::List(_)) { value } else { Value::Null })
}
