//! The function `asDecimal` of JSON.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "asDecimal",
    method: true,
    params: &[Param::needed("json", Shape::Json)],
    result: Shape::Optional(&Shape::Decimal),
    doc: "The number that JSON holds, if it is one.",
    examples: &[
        (r#""{\"a\": {\"b\": [1, \"x\", true]}, \"n\": 2.50}".parseJson().get("n").asDecimal()"#, "2.50"),
        (r#""{\"a\": {\"b\": [1, \"x\", true]}, \"n\": 2.50}".parseJson().get("a").asDecimal()"#, "null"),
    ],
    apply: |call| Ok(call.value(0).as_decimal().map_or(Value::Null, Value::Decimal)),
};
