//! JSON: reading outside values, writing values into payloads, and the encoding in which instances are stored.
//!
//! [`write`] is for the world: decimals become numbers, times become RFC 3339 text. [`store`] and [`restore`] keep
//! every kind apart, so that what an instance remembers comes back as exactly the value it was.

use rust_decimal::Decimal;
use serde_json::{Map, Number, Value as Json};

use crate::{Name, Record, Value, value::duration_text};

/// Reads untyped JSON.
///
/// # Errors
/// A reason, for what no value can hold: the NUL character, or a number beyond 28 digits.
pub fn read(value: &Json) -> Result<Value, String> {
    match value {
        Json::Null => Ok(Value::Null),
        Json::Bool(truth) => Ok(Value::Bool(*truth)),
        Json::Number(text) => {
            number(text).ok_or_else(|| "has more digits than an exact decimal can hold (28)".into())
        }
        Json::String(text) => clean(text).map(Value::text),
        Json::Array(items) => Ok(Value::List(items.iter().map(read).collect::<Result<_, _>>()?)),
        Json::Object(fields) => {
            let mut record = Vec::with_capacity(fields.len());
            for (name, value) in fields {
                record.push((Name::from(clean(name)?), read(value)?));
            }
            Ok(Value::Record(Record::of_distinct(record)))
        }
    }
}

fn clean(text: &str) -> Result<&str, String> {
    if text.contains('\0') {
        Err("text must not contain the NUL character (\\u0000)".into())
    } else {
        Ok(text)
    }
}

/// A JSON number as an integer, or else as an exact decimal; `None` if neither can hold it.
pub fn number(number: &Number) -> Option<Value> {
    if let Some(integer) = number.as_i64() {
        return Some(Value::Int(integer));
    }
    let text = number.as_str();
    let decimal = if text.contains(['e', 'E']) {
        Decimal::from_scientific(text).ok()?
    } else {
        Decimal::from_str_exact(text).ok()?
    };
    Some(Value::Decimal(decimal))
}

/// The value as compact JSON text, safe inside any JSON document and inside HTML script blocks.
pub fn write(value: &Value) -> String {
    // `<`, `>` and the two line separators only ever stand inside strings, so replacing them keeps the meaning.
    let text = to_json(value).to_string();
    if !text.contains(['\u{2028}', '\u{2029}']) {
        return text;
    }
    text.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// The value as a JSON tree for the world.
pub fn to_json(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(truth) => Json::Bool(*truth),
        Value::Int(number) => Json::from(*number),
        Value::Decimal(number) => decimal(*number),
        Value::Text(text) => Json::from(&**text),
        Value::DateTime(at) => Json::from(at.to_string()),
        Value::Date(date) => Json::from(date.to_string()),
        Value::Duration(micros) => Json::from(duration_text(*micros)),
        Value::List(items) => Json::Array(items.iter().map(to_json).collect()),
        Value::Record(record) => {
            Json::Object(record.iter().map(|(name, value)| (name.to_string(), to_json(value))).collect())
        }
    }
}

fn decimal(number: Decimal) -> Json {
    // The text of a decimal is always a JSON number, so the second arm is never taken.
    number.to_string().parse::<Number>().map_or_else(|_| Json::from(number.to_string()), Json::Number)
}

/// The value in the stored encoding: kinds that JSON lacks are tagged as `{"$decimal": "59.90"}`.
pub fn store(value: &Value) -> Json {
    match value {
        Value::Null | Value::Bool(_) | Value::Int(_) | Value::Text(_) => to_json(value),
        Value::Decimal(number) => tagged("$decimal", Json::from(number.to_string())),
        Value::DateTime(at) => tagged("$datetime", Json::from(at.to_string())),
        Value::Date(date) => tagged("$date", Json::from(date.to_string())),
        Value::Duration(micros) => tagged("$duration", Json::from(*micros)),
        Value::List(items) => Json::Array(items.iter().map(store).collect()),
        Value::Record(record) => {
            let fields: Map<String, Json> =
                record.iter().map(|(name, value)| (name.to_string(), store(value))).collect();
            match fields.keys().next() {
                // A record that could be taken for a tag is wrapped in one.
                Some(name) if fields.len() == 1 && name.starts_with('$') => {
                    tagged("$record", Json::Object(fields))
                }
                _ => Json::Object(fields),
            }
        }
    }
}

fn tagged(tag: &str, value: Json) -> Json {
    Json::Object(Map::from_iter([(tag.to_owned(), value)]))
}

/// The value that [`store`] encoded.
///
/// # Errors
/// A reason, when the JSON was not written by [`store`].
pub fn restore(value: &Json) -> Result<Value, String> {
    let Json::Object(fields) = value else {
        return match value {
            Json::Array(items) => Ok(Value::List(items.iter().map(restore).collect::<Result<_, _>>()?)),
            other => read(other),
        };
    };
    match (fields.len(), fields.iter().next()) {
        (1, Some((tag, inner))) if tag.starts_with('$') => restore_tagged(tag, inner),
        _ => restore_fields(fields),
    }
}

fn restore_fields(fields: &Map<String, Json>) -> Result<Value, String> {
    let mut record = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        record.push((Name::from(name.as_str()), restore(value)?));
    }
    Ok(Value::Record(Record::of_distinct(record)))
}

fn restore_tagged(tag: &str, inner: &Json) -> Result<Value, String> {
    let broken = || format!("`{tag}` does not hold what it should: {inner}");
    match (tag, inner) {
        ("$decimal", Json::String(text)) => {
            Decimal::from_str_exact(text).map(Value::Decimal).map_err(|_| broken())
        }
        ("$datetime", Json::String(text)) => text.parse().map(Value::DateTime).map_err(|_| broken()),
        ("$date", Json::String(text)) => text.parse().map(Value::Date).map_err(|_| broken()),
        ("$duration", Json::Number(micros)) => micros.as_i64().map(Value::Duration).ok_or_else(broken),
        ("$record", Json::Object(fields)) => restore_fields(fields),
        _ => Err(format!("unknown tag `{tag}`")),
    }
}

/// A JSON value in a few words, for messages: `the number 12`, `a list`.
pub fn describe(value: &Json) -> String {
    match value {
        Json::Null => "null".into(),
        Json::Bool(truth) => format!("{truth}"),
        Json::Number(number) => format!("the number {}", shorten(number.as_str())),
        Json::String(text) => format!("the text \"{}\"", shorten(text)),
        Json::Array(_) => "a list".into(),
        Json::Object(_) => "an object".into(),
    }
}

fn shorten(text: &str) -> String {
    const MOST: usize = 40;
    match text.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Values are serialised in the stored encoding.
impl serde::Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        store(self).serialize(serializer)
    }
}

/// Values are read back from the stored encoding.
impl<'de> serde::Deserialize<'de> for Value {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Value, D::Error> {
        restore(&Json::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_values_come_back_as_they_were() {
        let value = Value::record([
            ("money", Value::Decimal(Decimal::new(5990, 2))),
            ("at", Value::DateTime("2026-11-24T09:00:00.123456Z".parse().unwrap())),
            ("tricky", Value::record([("$decimal", Value::text("not one"))])),
            ("list", Value::list([Value::Duration(-5), Value::Null, Value::Int(i64::MIN)])),
        ]);
        let text = store(&value).to_string();
        assert_eq!(restore(&serde_json::from_str(&text).unwrap()), Ok(value));
    }

    #[test]
    fn the_world_sees_numbers_and_order_as_they_came() {
        let text = r#"{"b":59.90,"a":[1,null,"x"]}"#;
        assert_eq!(write(&read(&serde_json::from_str(text).unwrap()).unwrap()), text);
    }

    #[test]
    fn line_separators_are_escaped() {
        assert_eq!(write(&Value::text("a\u{2028}b")), "\"a\\u2028b\"");
    }
}
