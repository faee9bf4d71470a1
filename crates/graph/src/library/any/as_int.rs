//! The function `asInt` of JSON.

use rust_decimal::Decimal;

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "asInt",
    method: true,
    params: &[Param::needed("json", Shape::Json)],
    result: Shape::Optional(&Shape::Int),
    doc: "The integer that JSON holds, if it is one; `2.0` is.",
    examples: &[
        (r#""{\"a\": {\"b\": [1, \"x\", true]}, \"n\": 2.50}".parseJson().get("a.b[0]").asInt()"#, "1"),
        (r#""{\"a\": {\"b\": [1, \"x\", true]}, \"n\": 2.50}".parseJson().get("n").asInt()"#, "null"),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let number = call.value(0).as_decimal().filter(Decimal::is_integer);
    Ok(number.and_then(|number| i64::try_from(number).ok()).map_or(Value::Null, Value::Int))
}
