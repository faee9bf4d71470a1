//! The function `allMatches` of a text.

use super::{is_regex, pattern, searched};
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape, listed},
};

pub(super) const FUNCTION: Function = Function {
    name: "allMatches",
    method: true,
    params: &[Param::needed("text", Shape::Text), Param::spelled("pattern", is_regex)],
    result: Shape::List(&Shape::Text),
    doc: "All parts of the text that the regular expression matches, from left to right; of a text of at most 100,000 bytes.",
    examples: &[
        (r#""a1 b22".allMatches("[0-9]+")"#, r#"["1","22"]"#),
        (r#""none".allMatches("[0-9]+")"#, "[]"),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let text = searched(call)?;
    listed(pattern(call, 1)?.find_iter(&text).map(|found| Value::from(found.as_str())))
}
