//! Functions on lists.

mod all;
mod any;
mod contains;
mod count;
mod distinct;
mod filter;
mod first;
mod is_empty;
mod join;
mod last;
mod length;
mod map;
mod max;
mod min;
mod sort;
mod sort_by;
mod sum;
mod take;

use std::cmp::Ordering;

use super::{Call, Fault, Function};
use crate::Value;

/// The functions, in the order of the manual.
pub(super) static FUNCTIONS: &[Function] = &[
    count::FUNCTION,
    length::FUNCTION,
    is_empty::FUNCTION,
    contains::FUNCTION,
    filter::FUNCTION,
    map::FUNCTION,
    any::FUNCTION,
    all::FUNCTION,
    sum::FUNCTION,
    min::FUNCTION,
    max::FUNCTION,
    sort::FUNCTION,
    sort_by::FUNCTION,
    first::FUNCTION,
    last::FUNCTION,
    distinct::FUNCTION,
    take::FUNCTION,
    join::FUNCTION,
];

/// Whether the test at argument 1 holds for an item.
fn holds(call: &mut Call<'_>, item: &Value) -> Result<bool, Fault> {
    call.run(1, item.clone())?.as_bool().ok_or_else(|| Fault::new("a test must give true or false"))
}

/// The first item that compares to all others as wanted.
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
