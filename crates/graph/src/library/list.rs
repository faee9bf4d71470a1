//! Functions on lists.

use std::cmp::Ordering;

use super::{Call, Fault, Function, Shape, functions, text::bounded};
use crate::Value;

const LIST: Shape = Shape::List(&Shape::A);
const TEST: Shape = Shape::Function(&Shape::A, &Shape::Bool);

pub(super) const FUNCTIONS: &[Function] = functions![
    "count" method ("list": LIST) -> Shape::Int, "How many items the list has.",
        ["[5, 6].count()" => "2"],
        |call| Ok(Value::Int(call.list(0)?.len().try_into().unwrap_or(i64::MAX)));
    "length" method ("list": LIST) -> Shape::Int, "How many items the list has.",
        ["[5, 6].length()" => "2"],
        |call| Ok(Value::Int(call.list(0)?.len().try_into().unwrap_or(i64::MAX)));
    "isEmpty" method ("list": LIST) -> Shape::Bool, "Whether the list has no items.",
        ["[1].isEmpty()" => "false"],
        |call| Ok(Value::Bool(call.list(0)?.is_empty()));
    "contains" method ("list": LIST; "item": Shape::A) -> Shape::Bool, "Whether the list has the item.",
        ["[1, 2].contains(2)" => "true"],
        |call| {
            let item = call.value(1);
            Ok(Value::Bool(call.list(0)?.iter().any(|known| known.means_same(&item))))
        };
    "filter" method ("list": LIST; "keep": TEST) -> LIST, "The items for which `keep` is true.",
        ["[1, 2, 3].filter(n => n > 1)" => "[2,3]"],
        |call| {
            let mut kept = Vec::new();
            for item in call.list(0)?.iter() {
                if holds(call, item)? {
                    kept.push(item.clone());
                }
            }
            Ok(Value::List(kept.into()))
        };
    "map" method ("list": LIST; "change": Shape::Function(&Shape::A, &Shape::B)) -> Shape::List(&Shape::B),
        "What `change` makes of each item.",
        ["[1, 2].map(n => n * 10)" => "[10,20]"],
        |call| {
            let items = call.list(0)?;
            let mut changed = Vec::with_capacity(items.len());
            for item in items.iter() {
                changed.push(call.run(1, item.clone())?);
            }
            Ok(Value::List(changed.into()))
        };
    "any" method ("list": LIST; "test": TEST) -> Shape::Bool, "Whether `test` is true for some item.",
        ["[1, 2].any(n => n > 1)" => "true"],
        |call| {
            for item in call.list(0)?.iter() {
                if holds(call, item)? {
                    return Ok(Value::Bool(true));
                }
            }
            Ok(Value::Bool(false))
        };
    "all" method ("list": LIST; "test": TEST) -> Shape::Bool, "Whether `test` is true for every item.",
        ["[1, 2].all(n => n > 1)" => "false"],
        |call| {
            for item in call.list(0)?.iter() {
                if !holds(call, item)? {
                    return Ok(Value::Bool(false));
                }
            }
            Ok(Value::Bool(true))
        };
    "sum" method ("list": Shape::List(&Shape::Number)) -> Shape::Number, "The sum of the items; of none it is 0.",
        ["[1, 2, 3].sum()" => "6", "[1.50, 2].sum()" => "3.50"],
        |call| {
            let mut total = Value::Int(0);
            for item in call.list(0)?.iter() {
                total = super::number::add(&total, item)?;
            }
            Ok(total)
        };
    "min" method ("list": LIST) -> Shape::Optional(&Shape::A), "The least item, if there is one.",
        ["[2, 1].min()" => "1"],
        |call| extreme(call, Ordering::Less);
    "max" method ("list": LIST) -> Shape::Optional(&Shape::A), "The greatest item, if there is one.",
        ["[2, 1].max()" => "2"],
        |call| extreme(call, Ordering::Greater);
    "sort" method ("list": LIST) -> LIST, "The items in ascending order.",
        ["[3, 1, 2].sort()" => "[1,2,3]"],
        |call| {
            let mut items = call.list(0)?.to_vec();
            items.sort_by(|a, b| a.compare(b).unwrap_or(Ordering::Equal));
            Ok(Value::List(items.into()))
        };
    "sortBy" method ("list": LIST; "key": Shape::Function(&Shape::A, &Shape::B)) -> LIST,
        "The items in ascending order of what `key` gives for them.",
        ["[3, 1].sortBy(n => -n)" => "[3,1]"],
        |call| {
            let mut keyed = Vec::new();
            for item in call.list(0)?.iter() {
                keyed.push((call.run(1, item.clone())?, item.clone()));
            }
            keyed.sort_by(|(a, _), (b, _)| a.compare(b).unwrap_or(Ordering::Equal));
            Ok(Value::list(keyed.into_iter().map(|(_, item)| item)))
        };
    "first" method ("list": LIST) -> Shape::Optional(&Shape::A), "The first item, if there is one.",
        ["[1, 2].first()" => "1"],
        |call| Ok(call.list(0)?.first().cloned().unwrap_or(Value::Null));
    "last" method ("list": LIST) -> Shape::Optional(&Shape::A), "The last item, if there is one.",
        ["[1, 2].last()" => "2"],
        |call| Ok(call.list(0)?.last().cloned().unwrap_or(Value::Null));
    "distinct" method ("list": LIST) -> LIST, "The items without repetitions, in the order of their first occurrence.",
        ["[1, 2, 1].distinct()" => "[1,2]"],
        |call| {
            let mut kept: Vec<Value> = Vec::new();
            for item in call.list(0)?.iter() {
                if !kept.iter().any(|known| known.means_same(item)) {
                    kept.push(item.clone());
                }
            }
            Ok(Value::List(kept.into()))
        };
    "take" method ("list": LIST; "count": Shape::Int) -> LIST, "The first `count` items.",
        ["[1, 2, 3].take(2)" => "[1,2]"],
        |call| {
            let count = usize::try_from(call.int(1)?.max(0)).unwrap_or(usize::MAX);
            Ok(Value::list(call.list(0)?.iter().take(count).cloned()))
        };
    "join" method ("list": Shape::List(&Shape::Text); "separator": Shape::Text) -> Shape::Text,
        "The texts in one, with the separator between them.",
        ["[\"a\", \"b\"].join(\", \")" => "\"a, b\""],
        |call| {
            let items = call.list(0)?;
            let parts: Vec<&str> = items.iter().filter_map(Value::as_text).collect();
            bounded(parts.join(&call.text(1)?))
        };
];

fn holds(call: &mut Call<'_>, item: &Value) -> Result<bool, Fault> {
    call.run(1, item.clone())?.as_bool().ok_or_else(|| Fault::new("a test must give true or false"))
}

fn extreme(call: &mut Call<'_>, wanted: Ordering) -> Result<Value, Fault> {
    let items = call.list(0)?;
    let mut best: Option<&Value> = None;
    for item in items.iter() {
        if best.is_none_or(|best| item.compare(best) == Some(wanted)) {
            best = Some(item);
        }
    }
    Ok(best.cloned().unwrap_or(Value::Null))
}
