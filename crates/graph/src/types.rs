//! Types, and the reading of outside JSON against them.
//!
//! Data from outside (events, profile attributes, answers of partners) is read exactly once, here, on arrival: what
//! does not fit its declared type is refused with the path and the reason, never half-read. Fields that were not
//! declared are kept.

use std::{fmt, sync::Arc};

use jiff::{Timestamp, civil::Date, tz::TimeZone};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{Name, Record, UnionType, Value, json, value::duration_of};

/// The type of a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Type {
    /// The type of `null` alone.
    Null,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `decimal`
    Decimal,
    /// `string`
    Text,
    /// `datetime`: RFC 3339 on the wire
    DateTime,
    /// `date`: `2026-11-24` on the wire
    Date,
    /// `duration`: ISO 8601 (`PT1H`) or seconds as a number on the wire
    Duration,
    /// `timezone`: an IANA name on the wire
    TimeZone,
    /// `json`: anything
    Json,
    /// `"gold" | "silver"`
    Enum(Arc<[Name]>),
    /// One of these whole numbers, as they are written: the status of an answer.
    Codes(Arc<[Name]>),
    /// `[T]`
    List(Arc<Type>),
    /// `{ a: T, … }`
    Record(Arc<RecordType>),
    /// `{ kind: "a", … } | { kind: "b", … }`
    Union(Arc<UnionType>),
    /// `T?`
    Optional(Arc<Type>),
}

/// The fields of a record type.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RecordType {
    /// The name it was declared under (`type Item`, `event cartAbandoned`), if it has one.
    pub name: Option<Name>,
    /// Its fields in the order of the declaration.
    pub fields: Vec<Field>,
}

/// One field of a record type.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The field's name, in the language and on the wire.
    pub name: Name,
    /// What it holds.
    pub ty: Type,
    /// The value when the field is missing.
    pub default: Option<Value>,
    /// Its doc comment.
    pub doc: Option<Name>,
}

impl RecordType {
    /// The field `name`, if it is declared.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| &*field.name == name)
    }
}

/// Why a JSON value does not fit a type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Misfit {
    /// Where in the value, as in `items[0].price`; empty for the value itself.
    pub path: String,
    /// What is wrong there, as a sentence without a full stop.
    pub reason: String,
}

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str(&self.reason)
        } else {
            write!(f, "`{}`: {}", self.path, self.reason)
        }
    }
}

impl Type {
    /// This type made optional; an optional stays as it is.
    pub fn optional(self) -> Type {
        match self {
            Type::Optional(_) | Type::Null | Type::Json => self,
            settled => Type::Optional(Arc::new(settled)),
        }
    }

    /// This type without its `?`.
    pub fn settled(&self) -> &Type {
        match self {
            Type::Optional(inner) => inner,
            other => other,
        }
    }

    /// Whether `null` is one of its values.
    pub fn is_optional(&self) -> bool {
        matches!(self, Type::Optional(_) | Type::Null)
    }

    /// Reads a value from outside as this type.
    ///
    /// # Errors
    /// The first place that does not fit, with its path and the reason.
    pub fn read(&self, value: &serde_json::Value) -> Result<Value, Misfit> {
        self.read_at(value, &mut Vec::new())
    }

    fn read_at(&self, value: &serde_json::Value, path: &mut Vec<PathPart>) -> Result<Value, Misfit> {
        use serde_json::Value as J;
        let wrong =
            |path: &[PathPart]| misfit(path, format!("expected {self}, found {}", json::describe(value)));
        match (self, value) {
            (Type::Optional(_) | Type::Null, J::Null) => Ok(Value::Null),
            (Type::Optional(inner), value) => inner.read_at(value, path),
            (Type::Json, value) => json::read(value).map_err(|reason| misfit(path, reason)),
            (Type::Bool, J::Bool(truth)) => Ok(Value::Bool(*truth)),
            (Type::Int, J::Number(number)) => match json::number(number) {
                Some(Value::Int(number)) => Ok(Value::Int(number)),
                Some(Value::Decimal(number)) if number.is_integer() => {
                    i64::try_from(number).map(Value::Int).map_err(|_| wrong(path))
                }
                _ => Err(wrong(path)),
            },
            (Type::Decimal, J::Number(number)) => match json::number(number) {
                Some(Value::Int(number)) => Ok(Value::Decimal(Decimal::from(number))),
                Some(decimal) => Ok(decimal),
                None => Err(misfit(path, "has more digits than an exact decimal can hold (28)".into())),
            },
            (Type::Text, J::String(text)) => read_text(text, path),
            (Type::TimeZone, J::String(text)) => match TimeZone::get(text) {
                Ok(_) => Ok(Value::text(text.as_str())),
                Err(_) => {
                    Err(misfit(path, format!("`{text}` is not a known time zone, such as \"Europe/Berlin\"")))
                }
            },
            (Type::DateTime, J::String(text)) => {
                text.parse::<Timestamp>().map(Value::DateTime).map_err(|_| {
                    misfit(
                        path,
                        format!("`{text}` is not a date and time with offset, such as 2026-11-24T09:00:00Z"),
                    )
                })
            }
            (Type::Date, J::String(text)) => text
                .parse::<Date>()
                .map(Value::Date)
                .map_err(|_| misfit(path, format!("`{text}` is not a date, such as 2026-11-24"))),
            (Type::Duration, value) => read_duration(value).ok_or_else(|| wrong(path)),
            (Type::Enum(members), J::String(text)) => match members.iter().find(|member| ***member == **text)
            {
                Some(member) => Ok(Value::Text(member.clone())),
                None => Err(misfit(path, format!("`{text}` is not one of {self}"))),
            },
            (Type::Codes(members), J::Number(number)) => {
                let number = json::number(number).filter(|number| {
                    matches!(number, Value::Int(number) if members.iter().any(|code| **code == *number.to_string()))
                });
                number.ok_or_else(|| wrong(path))
            }
            (Type::List(item), J::Array(items)) => {
                let mut read = Vec::with_capacity(items.len());
                for (index, value) in items.iter().enumerate() {
                    path.push(PathPart::Index(index));
                    read.push(item.read_at(value, path)?);
                    path.pop();
                }
                Ok(Value::List(read.into()))
            }
            (Type::Record(record), J::Object(fields)) => record.read_at(fields, path),
            (Type::Union(union), J::Object(fields)) => read_union(union, fields, path),
            _ => Err(wrong(path)),
        }
    }
}

impl RecordType {
    /// Declared fields are read in the order they came; missing ones take their default or `null`, at the end.
    fn read_at(
        &self,
        fields: &serde_json::Map<String, serde_json::Value>,
        path: &mut Vec<PathPart>,
    ) -> Result<Value, Misfit> {
        let mut read: Vec<(Name, Value)> = Vec::with_capacity(fields.len().max(self.fields.len()));
        for (name, value) in fields {
            path.push(PathPart::Field(name.clone()));
            let declared = self.field(name);
            let value = match declared {
                Some(Field { default: Some(default), .. }) if value.is_null() => default.clone(),
                Some(field) => field.ty.read_at(value, path)?,
                None => Type::Json.read_at(value, path)?,
            };
            let name = declared.map_or_else(|| Name::from(name.as_str()), |field| field.name.clone());
            read.push((name, value));
            path.pop();
        }
        for field in self.fields.iter().filter(|field| !fields.contains_key(&*field.name)) {
            let value = match &field.default {
                Some(default) => default.clone(),
                None if field.ty.is_optional() => Value::Null,
                None => {
                    path.push(PathPart::Field(field.name.to_string()));
                    return Err(misfit(path, format!("is missing; expected {}", field.ty)));
                }
            };
            read.push((field.name.clone(), value));
        }
        Ok(Value::Record(Record::of_distinct(read)))
    }
}

/// The tag says which record it is.
fn read_union(
    union: &UnionType,
    fields: &serde_json::Map<String, serde_json::Value>,
    path: &mut Vec<PathPart>,
) -> Result<Value, Misfit> {
    let tag = fields.get(&*union.tag);
    let text = match tag {
        Some(serde_json::Value::String(text)) if !union.has_codes() => Some(text.clone()),
        Some(serde_json::Value::Number(number)) if union.has_codes() => Some(number.to_string()),
        _ => None,
    };
    if let Some(record) = text.and_then(|tag| union.variant(&tag)) {
        return record.read_at(fields, path);
    }
    path.push(PathPart::Field(union.tag.to_string()));
    let wanted = union.tag_type();
    Err(match tag {
        Some(serde_json::Value::String(text)) => misfit(path, format!("`{text}` is not one of {wanted}")),
        Some(other) => misfit(path, format!("expected {wanted}, found {}", json::describe(other))),
        None => misfit(path, format!("is missing; expected {wanted}")),
    })
}

enum PathPart {
    Field(String),
    Index(usize),
}

fn misfit(path: &[PathPart], reason: String) -> Misfit {
    let mut text = String::new();
    for part in path {
        match part {
            PathPart::Field(name) if text.is_empty() => text.push_str(name),
            PathPart::Field(name) => {
                text.push('.');
                text.push_str(name);
            }
            PathPart::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    Misfit { path: text, reason }
}

fn read_text(text: &str, path: &[PathPart]) -> Result<Value, Misfit> {
    if text.contains('\0') {
        return Err(misfit(path, "text must not contain the NUL character (\\u0000)".into()));
    }
    Ok(Value::text(text))
}

fn read_duration(value: &serde_json::Value) -> Option<Value> {
    let micros = match value {
        serde_json::Value::Number(number) => {
            let seconds = json::number(number)?.as_decimal()?;
            i64::try_from(seconds.checked_mul(Decimal::from(1_000_000))?.trunc()).ok()?
        }
        serde_json::Value::String(text) => {
            let span = text.parse::<jiff::SignedDuration>().ok();
            span.and_then(|span| i64::try_from(span.as_micros()).ok()).or_else(|| duration_of(text))?
        }
        _ => return None,
    };
    Some(Value::Duration(micros))
}

/// The type as it is written in a journey file.
impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Null => f.write_str("null"),
            Type::Bool => f.write_str("bool"),
            Type::Int => f.write_str("int"),
            Type::Decimal => f.write_str("decimal"),
            Type::Text => f.write_str("string"),
            Type::DateTime => f.write_str("datetime"),
            Type::Date => f.write_str("date"),
            Type::Duration => f.write_str("duration"),
            Type::TimeZone => f.write_str("timezone"),
            Type::Json => f.write_str("json"),
            Type::Enum(members) => {
                for (index, member) in members.iter().enumerate() {
                    write!(f, "{}\"{member}\"", if index == 0 { "" } else { " | " })?;
                }
                Ok(())
            }
            Type::Codes(codes) => f.write_str(&codes.join(" | ")),
            Type::List(item) => write!(f, "[{item}]"),
            Type::Union(union) => write!(f, "{union}"),
            Type::Optional(inner) => write!(f, "{inner}?"),
            Type::Record(record) => match &record.name {
                Some(name) => f.write_str(name),
                None => {
                    f.write_str("{ ")?;
                    for (index, field) in record.fields.iter().enumerate() {
                        write!(f, "{}{}: {}", if index == 0 { "" } else { ", " }, field.name, field.ty)?;
                    }
                    f.write_str(" }")
                }
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cart() -> Type {
        let field = |name: &str, ty| Field { name: name.into(), ty, default: None, doc: None };
        Type::Record(Arc::new(RecordType {
            name: Some("Cart".into()),
            fields: vec![
                field("id", Type::Text),
                field("total", Type::Decimal),
                field("note", Type::Optional(Arc::new(Type::Text))),
            ],
        }))
    }

    fn read(text: &str) -> Result<Value, Misfit> {
        cart().read(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn decimals_are_exact_and_keep_their_scale() {
        let value = read(r#"{"id":"k","total":59.90}"#).unwrap();
        assert_eq!(value.field("total").unwrap().to_string(), "59.90");
        assert_eq!(value.field("note"), Some(&Value::Null));
    }

    #[test]
    fn durations_come_back_as_they_are_written() {
        for micros in [0, 1, -90_000_000, 719_996_400_000_000, i64::MAX, i64::MIN] {
            let written = json::to_json(&Value::Duration(micros));
            assert_eq!(Type::Duration.read(&written).unwrap(), Value::Duration(micros), "{written}");
        }
        assert!(Type::Duration.read(&serde_json::json!("2 fortnights")).is_err());
        assert!(Type::Duration.read(&serde_json::json!("")).is_err());
    }

    #[test]
    fn unknown_fields_are_kept() {
        let value = read(r#"{"id":"k","total":1,"extra":[1,{"a":2}]}"#).unwrap();
        assert_eq!(value.field("extra").unwrap().to_string(), r#"[1,{"a":2}]"#);
    }

    #[test]
    fn a_misfit_names_its_place_and_reason() {
        let cases = [
            (r#"{"id":1,"total":1}"#, "`id`: expected string, found the number 1"),
            (r#"{"total":1}"#, "`id`: is missing; expected string"),
            (r#"{"id":"a\u0000","total":1}"#, "`id`: text must not contain the NUL character (\\u0000)"),
            (r#"{"id":"a","total":1e400}"#, "`total`: has more digits than an exact decimal can hold (28)"),
            (r#"[]"#, "expected Cart, found a list"),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).unwrap_err().to_string(), expected);
        }
    }
}
