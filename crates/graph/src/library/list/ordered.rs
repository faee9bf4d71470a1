//! A total order of all values, so that sorting never stumbles and sets of values are fast.

use std::cmp::Ordering;

use crate::{Record, Value};

/// A value with an order that has a place for every kind and calls the same what the language calls the same.
#[derive(Clone, Debug)]
pub(super) struct Ordered(pub(super) Value);

impl Ord for Ordered {
    fn cmp(&self, other: &Ordered) -> Ordering {
        order(&self.0, &other.0)
    }
}

impl PartialOrd for Ordered {
    fn partial_cmp(&self, other: &Ordered) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ordered {
    fn eq(&self, other: &Ordered) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ordered {}

fn order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::List(a), Value::List(b)) => {
            let first = a.iter().zip(b.iter()).map(|(a, b)| order(a, b)).find(|order| order.is_ne());
            first.unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        (Value::Record(a), Value::Record(b)) => records(a, b),
        _ => a.compare(b).unwrap_or_else(|| rank(a).cmp(&rank(b))),
    }
}

/// Records are the same whatever the order of their fields, so they are compared by name.
fn records(a: &Record, b: &Record) -> Ordering {
    let by_name = |record: &Record| {
        let mut fields: Vec<_> = record.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        fields.sort_by(|(a, _), (b, _)| a.cmp(b));
        fields
    };
    let (a, b) = (by_name(a), by_name(b));
    let pairs = a.iter().zip(b.iter()).map(|((x, a), (y, b))| x.cmp(y).then_with(|| order(a, b)));
    pairs.into_iter().find(|order| order.is_ne()).unwrap_or_else(|| a.len().cmp(&b.len()))
}

/// The place of a kind among the others; numbers of both kinds share one.
fn rank(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Int(_) | Value::Decimal(_) => 2,
        Value::Text(_) => 3,
        Value::DateTime(_) => 4,
        Value::Date(_) => 5,
        Value::Duration(_) => 6,
        Value::List(_) => 7,
        Value::Record(_) => 8,
    }
}
