//! The function `parseJson` of a text.

use crate::{
    Value, json,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "parseJson",
    method: true,
    params: &[Param::needed("text", Shape::Text)],
    result: Shape::Json,
    doc: "The value of JSON text; anything else is an error.",
    examples: &[(r#""[1, 2]".parseJson()"#, "[1,2]"), (r#""null".parseJson()"#, "null")],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let tree = serde_json::from_str(&call.text(0)?).map_err(|error| Fault(format!("not JSON: {error}")))?;
    json::read(&tree).map_err(Fault)
}
