//! The function `distinctBy` of a list.

use std::collections::BTreeSet;

use super::keyed;
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "distinctBy",
    method: true,
    params: &[
        Param::needed("list", Shape::List(&Shape::A)),
        Param::needed("key", Shape::Function(&Shape::A, &Shape::B)),
    ],
    result: Shape::List(&Shape::A),
    doc: "The first item of each different value that `key` gives.",
    examples: &[
        (r#"["ada", "bob", "al"].distinctBy(t => t.substring(0, 1))"#, r#"["ada","bob"]"#),
        ("[1].filter(n => n > 1).distinctBy(n => n)", "[]"),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut seen = BTreeSet::new();
    Ok(Value::list(keyed(call)?.into_iter().filter_map(|(key, item)| seen.insert(key).then_some(item))))
}
