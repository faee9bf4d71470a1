//! Functions on lists.

mod all;
mod any;
mod at;
mod avg;
mod contains;
mod count;
mod distinct;
mod distinct_by;
mod distinct_count;
mod except;
mod filter;
mod find;
mod first;
mod flatten;
mod index_of;
mod intersect;
mod is_empty;
mod join;
mod last;
mod length;
mod map;
mod max;
mod max_by;
mod min;
mod min_by;
mod none;
mod ordered;
mod present;
mod reverse;
mod skip;
mod slice;
mod sort;
mod sort_by;
mod sort_by_descending;
mod sort_descending;
mod sum;
mod take;
mod union;

use std::cmp::Ordering;

use ordered::Ordered;

use super::{Call, Fault, Function};
use crate::Value;

/// The functions, in the order of the manual.
pub(super) static FUNCTIONS: &[Function] = &[
    count::FUNCTION,
    length::FUNCTION,
    distinct_count::FUNCTION,
    is_empty::FUNCTION,
    contains::FUNCTION,
    index_of::FUNCTION,
    any::FUNCTION,
    all::FUNCTION,
    none::FUNCTION,
    find::FUNCTION,
    filter::FUNCTION,
    map::FUNCTION,
    flatten::FUNCTION,
    present::FUNCTION,
    sum::FUNCTION,
    avg::FUNCTION,
    min::FUNCTION,
    max::FUNCTION,
    min_by::FUNCTION,
    max_by::FUNCTION,
    sort::FUNCTION,
    sort_descending::FUNCTION,
    sort_by::FUNCTION,
    sort_by_descending::FUNCTION,
    reverse::FUNCTION,
    first::FUNCTION,
    last::FUNCTION,
    at::FUNCTION,
    take::FUNCTION,
    skip::FUNCTION,
    slice::FUNCTION,
    distinct::FUNCTION,
    distinct_by::FUNCTION,
    union::FUNCTION,
    intersect::FUNCTION,
    except::FUNCTION,
    join::FUNCTION,
];

/// Whether the test at argument 1 holds for an item.
fn holds(call: &mut Call<'_>, item: &Value) -> Result<bool, Fault> {
    call.run(1, item.clone())?.as_bool().ok_or_else(|| Fault::new("a test must give true or false"))
}

/// Each item behind what the function at argument 1 gives for it.
fn keyed(call: &mut Call<'_>) -> Result<Vec<(Ordered, Value)>, Fault> {
    let items = call.list(0)?;
    let mut keyed = Vec::with_capacity(items.len());
    for item in items.iter() {
        keyed.push((Ordered(call.run(1, item.clone())?), item.clone()));
    }
    Ok(keyed)
}

/// Each item behind itself, as its own key.
fn own(call: &Call<'_>) -> Result<Vec<(Ordered, Value)>, Fault> {
    Ok(call.list(0)?.iter().map(|item| (Ordered(item.clone()), item.clone())).collect())
}

/// The first of the items whose key compares to all others as wanted; a missing key does not count.
fn extreme_of(keyed: Vec<(Ordered, Value)>, wanted: Ordering) -> Value {
    let present = keyed.into_iter().filter(|(key, _)| !key.0.is_null());
    let best = present.reduce(|best, next| if next.0.cmp(&best.0) == wanted { next } else { best });
    best.map_or(Value::Null, |(_, item)| item)
}

fn extreme(call: &Call<'_>, wanted: Ordering) -> Result<Value, Fault> {
    Ok(extreme_of(own(call)?, wanted))
}

fn extreme_by(call: &mut Call<'_>, wanted: Ordering) -> Result<Value, Fault> {
    Ok(extreme_of(keyed(call)?, wanted))
}

/// The items in the order of their keys; items with the same key stay in the order they had, either way round.
fn in_order(mut keyed: Vec<(Ordered, Value)>, descending: bool) -> Value {
    keyed.sort_by(|(a, _), (b, _)| if descending { b.cmp(a) } else { a.cmp(b) });
    Value::list(keyed.into_iter().map(|(_, item)| item))
}

fn sorted(call: &Call<'_>, descending: bool) -> Result<Value, Fault> {
    Ok(in_order(own(call)?, descending))
}

fn sorted_by(call: &mut Call<'_>, descending: bool) -> Result<Value, Fault> {
    Ok(in_order(keyed(call)?, descending))
}

/// The place of an index in a list of a length: negative ones count from the end.
pub(super) fn place(index: i64, length: usize) -> Option<usize> {
    match usize::try_from(index) {
        Ok(index) => Some(index),
        Err(_) => length.checked_sub(usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX)),
    }
}
