//! Profiles: changing them, and reading them for a journey.

use graph::{Name, ProfileSchema, Type, Value, types::Misfit};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::check::unknown;

/// A change of a profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ProfileChange {
    /// These attributes and no others.
    Put(Map<String, Json>),
    /// These attributes besides the others; `null` removes one.
    Patch(Map<String, Json>),
}

/// The attributes after a change, checked against the declared profile.
pub(crate) fn changed(
    schema: &ProfileSchema,
    key: &str,
    stored: Option<&str>,
    change: ProfileChange,
) -> Result<String, Misfit> {
    let mut attributes = match change {
        ProfileChange::Put(attributes) => attributes,
        ProfileChange::Patch(patch) => {
            let mut whole = parse(stored);
            for (name, value) in patch {
                if value.is_null() {
                    whole.shift_remove(&name);
                } else {
                    whole.insert(name, value);
                }
            }
            whole
        }
    };
    let key_name = schema.key.to_string();
    if attributes.get(&key_name).is_some_and(|given| given.as_str() != Some(key)) {
        return Err(Misfit { path: key_name, reason: format!("must be the key of the profile, \"{key}\"") });
    }
    attributes.insert(key_name, Json::from(key));
    for name in attributes.keys() {
        if schema.record.field(name).is_none() {
            let fields = schema.record.fields.iter().map(|field| &*field.name);
            return Err(Misfit { path: name.clone(), reason: unknown(name, fields) });
        }
    }
    let whole = Json::Object(attributes);
    Type::Record(schema.record.clone()).read(&whole)?;
    Ok(whole.to_string())
}

/// The attributes after a journey has set some. They were checked with the journey; a profile that was declared anew
/// since then may not know them, which is no reason to lose them.
pub(crate) fn set(attributes: &str, changes: &[(Name, Value)]) -> String {
    let mut whole = parse(Some(attributes));
    for (name, value) in changes {
        whole.insert(name.to_string(), graph::json::to_json(value));
    }
    Json::Object(whole).to_string()
}

/// The attributes of a person of whom nothing but the key is known.
pub(crate) fn bare(schema: &ProfileSchema, key: &str) -> String {
    Json::Object(Map::from_iter([(schema.key.to_string(), Json::from(key))])).to_string()
}

/// The attributes as a journey sees them when somebody enters: whole and of the declared types.
///
/// # Errors
/// What is missing or does not fit.
pub fn read_for_entry(schema: &ProfileSchema, attributes: &str) -> Result<Value, Misfit> {
    Type::Record(schema.record.clone()).read(&Json::Object(parse(Some(attributes))))
}

/// The attributes as a journey sees them while somebody is inside: what no longer fits is `null`, so that a step that
/// needs it fails with a reason and the rest goes on.
pub(crate) fn read_inside(schema: &ProfileSchema, attributes: &str) -> Value {
    match read_for_entry(schema, attributes) {
        Ok(whole) => whole,
        Err(_) => {
            let given = parse(Some(attributes));
            Value::record(schema.record.fields.iter().map(|field| {
                let read = given.get(&*field.name).and_then(|value| field.ty.read(value).ok());
                (field.name.clone(), read.or_else(|| field.default.clone()).unwrap_or(Value::Null))
            }))
        }
    }
}

fn parse(attributes: Option<&str>) -> Map<String, Json> {
    match attributes.map(serde_json::from_str) {
        Some(Ok(Json::Object(attributes))) => attributes,
        _ => Map::new(),
    }
}
