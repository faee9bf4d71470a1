//! Functions on values of any type, and on JSON.

mod as_bool;
mod as_date;
mod as_date_time;
mod as_decimal;
mod as_int;
mod as_list;
mod as_text;
mod get;
mod keys;
mod to_int;
mod to_json;
mod to_string;

use super::{Fault, Function, MOST_BYTES, bounded, too_large};
use crate::Value;

/// The functions, in the order of the manual.
pub(super) static FUNCTIONS: &[Function] = &[
    to_string::FUNCTION,
    to_json::FUNCTION,
    to_int::FUNCTION,
    get::FUNCTION,
    keys::FUNCTION,
    as_text::FUNCTION,
    as_int::FUNCTION,
    as_decimal::FUNCTION,
    as_bool::FUNCTION,
    as_date_time::FUNCTION,
    as_date::FUNCTION,
    as_list::FUNCTION,
];

/// A value in print. It is weighed before: lists that hold the same list many times are small until they are written.
fn printed(value: &Value, print: fn(&Value) -> String) -> Result<Value, Fault> {
    let mut left = MOST_BYTES;
    if !weigh(value, &mut left) {
        return Err(too_large());
    }
    bounded(print(value))
}

/// Takes the least size of a value in print from what is left, and says whether that was enough.
fn weigh(value: &Value, left: &mut usize) -> bool {
    let size = value.as_text().map_or(1, |text| text.len() + 1);
    *left = left.saturating_sub(size);
    *left > 0
        && match value {
            Value::List(items) => items.iter().all(|item| weigh(item, left)),
            Value::Record(record) => record.iter().all(|(_, value)| weigh(value, left)),
            _ => true,
        }
}
