//! The function `split` of a text.

use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "split",
    method: true,
    params: &[Param::needed("text", Shape::Text), Param::needed("separator", Shape::Text)],
    result: Shape::List(&Shape::Text),
    doc: "The parts between the separators.",
    examples: &[(r#""a,b".split(",")"#, r#"["a","b"]"#)],
    apply: |call| Ok(Value::list(call.text(0)?.split(&*call.text(1)?).map(Value::from))),
};
