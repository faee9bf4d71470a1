//! Values: what expressions compute and instances keep.
//!
//! Every value is immutable and cheap to clone. Numbers are 64-bit integers or exact decimals; no value is ever a
//! binary float. Records keep the order of their fields, so that a list of items leaves as it came.

use std::{cmp::Ordering, fmt, sync::Arc};

use jiff::{Timestamp, civil::Date};
use rust_decimal::Decimal;

use crate::Name;

/// One value of the expression language.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Value {
    /// The absent value of an optional.
    #[default]
    Null,
    /// A truth value.
    Bool(bool),
    /// A 64-bit integer.
    Int(i64),
    /// An exact decimal; its scale (`59.90`) is kept.
    Decimal(Decimal),
    /// Text, a member of an enum, or the name of a time zone.
    Text(Name),
    /// An instant, with microsecond precision.
    DateTime(Timestamp),
    /// A calendar date without a zone.
    Date(Date),
    /// A length of time in microseconds; `1 day` is 24 hours.
    Duration(i64),
    /// An ordered list.
    List(Arc<[Value]>),
    /// Named fields, in the order they were written.
    Record(Record),
}

/// Named fields in the order they were written. A name occurs once.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record(Arc<Vec<(Name, Value)>>);

impl Record {
    /// A record of these fields; of fields with the same name the last one counts.
    pub fn new(fields: impl IntoIterator<Item = (Name, Value)>) -> Record {
        let mut kept: Vec<(Name, Value)> = Vec::new();
        for (name, value) in fields {
            match kept.iter_mut().find(|(known, _)| *known == name) {
                Some(slot) => slot.1 = value,
                None => kept.push((name, value)),
            }
        }
        Record(Arc::new(kept))
    }

    /// A record of fields whose names are known to differ, without looking for doubles.
    pub fn of_distinct(fields: Vec<(Name, Value)>) -> Record {
        Record(Arc::new(fields))
    }

    /// The value of the field `name`, if the record has it.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| &**known == name).map(|(_, value)| value)
    }

    /// The fields in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Name, &Value)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no fields.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// This record with `name` set to `value`.
    pub fn with(&self, name: &str, value: Value) -> Record {
        let mut fields = (*self.0).clone();
        match fields.iter_mut().find(|(known, _)| &**known == name) {
            Some(slot) => slot.1 = value,
            None => fields.push((name.into(), value)),
        }
        Record(Arc::new(fields))
    }
}

impl Value {
    /// Text from anything that reads as text.
    pub fn text(text: impl Into<Name>) -> Value {
        Value::Text(text.into())
    }

    /// A list of these values.
    pub fn list(items: impl IntoIterator<Item = Value>) -> Value {
        Value::List(items.into_iter().collect())
    }

    /// A record of these fields.
    pub fn record<N: Into<Name>>(fields: impl IntoIterator<Item = (N, Value)>) -> Value {
        Value::Record(Record::new(fields.into_iter().map(|(name, value)| (name.into(), value))))
    }

    /// The text, if this is text.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, if this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        }
    }

    /// The number as a decimal, if this is a number.
    pub fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Value::Int(number) => Some(Decimal::from(*number)),
            Value::Decimal(number) => Some(*number),
            _ => None,
        }
    }

    /// The field `name`, if this is a record that has it.
    pub fn field(&self, name: &str) -> Option<&Value> {
        match self {
            Value::Record(record) => record.get(name),
            _ => None,
        }
    }

    /// Whether this is the absent value.
    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// Equality as the language means it: `1 == 1.0`, and records are equal whatever the order of their fields.
    pub fn means_same(&self, other: &Value) -> bool {
        match (self, other) {
            (Value::List(a), Value::List(b)) => {
                a.len() == b.len() && a.iter().zip(b.iter()).all(|(x, y)| x.means_same(y))
            }
            (Value::Record(a), Value::Record(b)) => {
                a.len() == b.len() && a.iter().all(|(name, x)| b.get(name).is_some_and(|y| x.means_same(y)))
            }
            _ => match (self.as_decimal(), other.as_decimal()) {
                (Some(a), Some(b)) => a == b,
                _ => self == other,
            },
        }
    }

    /// Order as the language means it; `None` for kinds that have no order or differ.
    pub fn compare(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Text(a), Value::Text(b)) => Some(a.cmp(b)),
            (Value::DateTime(a), Value::DateTime(b)) => Some(a.cmp(b)),
            (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
            (Value::Duration(a), Value::Duration(b)) => Some(a.cmp(b)),
            (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
            _ => Some(self.as_decimal()?.cmp(&other.as_decimal()?)),
        }
    }

    /// The word for this kind of value, for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Decimal(_) => "decimal",
            Value::Text(_) => "string",
            Value::DateTime(_) => "datetime",
            Value::Date(_) => "date",
            Value::Duration(_) => "duration",
            Value::List(_) => "list",
            Value::Record(_) => "record",
        }
    }
}

/// The text a template prints: text bare, numbers and times in their usual form, lists and records as JSON.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => Ok(()),
            Value::Bool(truth) => write!(f, "{truth}"),
            Value::Int(number) => write!(f, "{number}"),
            Value::Decimal(number) => write!(f, "{number}"),
            Value::Text(text) => f.write_str(text),
            Value::DateTime(at) => write!(f, "{at}"),
            Value::Date(date) => write!(f, "{date}"),
            Value::Duration(micros) => f.write_str(&duration_text(*micros)),
            Value::List(_) | Value::Record(_) => f.write_str(&crate::json::write(self)),
        }
    }
}

/// The units in which durations are written.
const UNITS: [(&str, i64); 6] = [
    ("day", 86_400_000_000),
    ("hour", 3_600_000_000),
    ("minute", 60_000_000),
    ("second", 1_000_000),
    ("millisecond", 1_000),
    ("microsecond", 1),
];

/// A duration in words, largest units first: `1 day 2 hours`, `500ms`; parts that are zero are left out.
pub fn duration_text(micros: i64) -> String {
    if micros == 0 {
        return "0 seconds".into();
    }
    let mut rest = micros.unsigned_abs();
    let mut words = Vec::new();
    for (unit, size) in UNITS {
        let count = rest / size.unsigned_abs();
        rest %= size.unsigned_abs();
        if count > 0 {
            words.push(format!("{count} {unit}{}", if count == 1 { "" } else { "s" }));
        }
    }
    format!("{}{}", if micros < 0 { "-" } else { "" }, words.join(" "))
}

/// The duration that [`duration_text`] wrote.
pub(crate) fn duration_of(text: &str) -> Option<i64> {
    let (sign, rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut micros: i64 = 0;
    let mut words = rest.split(' ');
    while let Some(count) = words.next() {
        let (count, unit) = (count.parse::<u32>().ok()?, words.next()?);
        let (_, size) = UNITS.iter().find(|(name, _)| unit.strip_suffix('s').unwrap_or(unit) == *name)?;
        // Added with its sign, so that the longest negative duration comes back too.
        micros = micros.checked_add(sign * i64::from(count).checked_mul(*size)?)?;
    }
    Some(micros)
}

impl From<bool> for Value {
    fn from(truth: bool) -> Value {
        Value::Bool(truth)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Int(number)
    }
}

impl From<Decimal> for Value {
    fn from(number: Decimal) -> Value {
        Value::Decimal(number)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Value {
        Value::Text(text.into())
    }
}

impl From<Timestamp> for Value {
    fn from(at: Timestamp) -> Value {
        Value::DateTime(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_equal_across_kinds_and_records_in_any_order() {
        assert!(Value::Int(1).means_same(&Value::Decimal(Decimal::new(10, 1))));
        let a = Value::record([("x", Value::Int(1)), ("y", Value::Null)]);
        let b = Value::record([("y", Value::Null), ("x", Value::Int(1))]);
        assert!(a.means_same(&b));
        assert_ne!(a, b, "derived equality keeps the order, for exact comparison of stored states");
    }

    #[test]
    fn durations_read_as_people_say_them() {
        assert_eq!(duration_text(93_600_000_000), "1 day 2 hours");
        assert_eq!(duration_text(-1_500_000), "-1 second 500 milliseconds");
    }

    #[test]
    fn the_last_of_two_fields_with_one_name_counts() {
        let record = Record::new([("a".into(), Value::Int(1)), ("a".into(), Value::Int(2))]);
        assert_eq!(record.get("a"), Some(&Value::Int(2)));
        assert_eq!(record.len(), 1);
    }
}
