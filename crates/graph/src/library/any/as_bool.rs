//! The function `asBool` of JSON.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "asBool",
    method: true,
    params: &[Param::needed("json", Shape::Json)],
    result: Shape::Optional(&Shape::Bool),
    doc: "The truth value that JSON holds, if it is one.",
    examples: &[
        (r#""{\"a\": {\"b\": [1, \"x\", true]}, \"n\": 2.50}".parseJson().get("a.b[2]").asBool()"#, "true"),
        (r#""{\"a\": {\"b\": [1, \"x\", true]}, \"n\": 2.50}".parseJson().get("a.b[1]").asBool()"#, "null"),
    ],
    apply: |call| Ok(call.value(0).as_bool().map_or(Value::Null, Value::Bool)),
};
