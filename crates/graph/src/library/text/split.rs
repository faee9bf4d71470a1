//! The function `split` of a text.

use crate::{
    Value,
    library::{Function, Param, Shape, listed},
};

pub(super) const FUNCTION: Function = Function {
    name: "split",
    method: true,
    params: &[Param::needed("text", Shape::Text), Param::needed("separator", Shape::Text)],
    result: Shape::List(&Shape::Text),
    doc: "The parts between the separators, at most 100,000.",
    examples: &[(r#""a,b".split(",")"#, r#"["a","b"]"#), (r#""".split(",")"#, r#"[""]"#)],
    apply: |call| listed(call.text(0)?.split(&*call.text(1)?).map(Value::from)),
};
