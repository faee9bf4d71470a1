//! The function `get` of JSON.

use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape, list::place},
};

pub(super) const FUNCTION: Function = Function {
    name: "get",
    method: true,
    params: &[Param::needed("json", Shape::Json), Param::needed("path", Shape::Text)],
    result: Shape::Json,
    doc: "What JSON has at a path, `null` if it has nothing there: fields with points, items in brackets (negative ones count from the end), other names in brackets and quotes.",
    examples: &[
        (r#""{\"a\": {\"b\": [1, \"x\", true]}, \"n\": 2.50}".parseJson().get("a.b[0]")"#, "1"),
        (r#""{\"a\": {\"b\": [1, \"x\", true]}, \"n\": 2.50}".parseJson().get("a.b[-1]")"#, "true"),
        (r#""{\"a\": {\"b\": [1, \"x\", true]}, \"n\": 2.50}".parseJson().get("a['b'][1]")"#, r#""x""#),
        (r#""{\"a\": {\"b\": [1, \"x\", true]}, \"n\": 2.50}".parseJson().get("x.y[3]")"#, "null"),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let mut found = call.value(0);
    let path = call.text(1)?;
    let mut rest = &*path;
    let mut first = true;
    while !rest.is_empty() {
        let (part, after) = part(rest, first)
            .ok_or_else(|| Fault(format!("`{path}` is not a path, such as \"order.items[0].price\"")))?;
        found = match part {
            Part::Field(name) => found.field(name).cloned().unwrap_or(Value::Null),
            Part::Item(index) => match &found {
                Value::List(items) => place(index, items.len()).and_then(|place| items.get(place)).cloned(),
                _ => None,
            }
            .unwrap_or(Value::Null),
        };
        (rest, first) = (after, false);
    }
    Ok(found)
}

/// A part of a path.
enum Part<'a> {
    Field(&'a str),
    Item(i64),
}

/// The first part of a path and what follows it.
fn part(path: &str, first: bool) -> Option<(Part<'_>, &str)> {
    if let Some(inside) = path.strip_prefix('[') {
        for quote in ['\'', '"'] {
            if let Some(quoted) = inside.strip_prefix(quote) {
                let (name, after) = quoted.split_once(quote)?;
                return Some((Part::Field(name), after.strip_prefix(']')?));
            }
        }
        let (index, after) = inside.split_once(']')?;
        return Some((Part::Item(index.trim().parse().ok()?), after));
    }
    let path = if first { path } else { path.strip_prefix('.')? };
    let end = path.find(['.', '[']).unwrap_or(path.len());
    let (name, after) = path.split_at_checked(end)?;
    (!name.is_empty()).then_some((Part::Field(name), after))
}
