//! Checks what comes from outside before it is taken: names, limits, and the declared shape.

use std::sync::Arc;

use connect::Trace;
use engine::person::OWN_IDS;
use graph::{Name, RecordType, SYSTEM_EVENTS, Value, is_system_key, started, system_record};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::{RefusedEvent, Shard, shard_of};
use uuid::Uuid;

use crate::{Catalog, turn::NewEvent, witness::write_trace};

/// The most characters of an event id or a profile key.
const MOST_KEY: usize = 200;
/// The most bytes of an event's properties.
const MOST_BYTES: usize = 256 * 1024;

/// The most characters that are kept of a refused event's text.
const MOST_SHOWN: usize = 2_000;

/// An event as it came.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Incoming {
    /// The id its sender gave it.
    pub id: String,
    /// What it is.
    pub what: What,
    /// The person.
    pub profile: String,
    /// When it happened; now, if the sender does not say.
    pub at: Option<Timestamp>,
    /// Its properties, a JSON object.
    pub properties: Option<Box<RawValue>>,
}

/// An event of a request: its text, and what was read of it.
#[derive(Debug, Serialize)]
pub struct Received<'a> {
    /// The text as it came.
    pub text: &'a str,
    /// The event, or why it could not be read.
    pub event: Result<Incoming, Refusal>,
    /// Where in the sender's traces it comes from, if anybody records that.
    #[serde(serialize_with = "write_trace", skip_serializing_if = "Option::is_none")]
    pub sender: Option<Trace>,
}

/// What kind of event it is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum What {
    /// The event of this name on the wire.
    Event(String),
    /// The start of this journey.
    Start(String),
    /// What the server itself tells, by its name in the language.
    System(Name),
}

impl What {
    /// Whether the server itself lets it happen, and not a sender.
    fn is_own(&self) -> bool {
        match self {
            What::System(_) => true,
            What::Event(_) | What::Start(_) => false,
        }
    }

    /// What the properties are called by whoever sends them.
    fn properties(&self) -> &'static str {
        match self {
            What::Event(_) | What::System(_) => "properties",
            What::Start(_) => "input",
        }
    }

    /// How the event is called where it is shown.
    fn shown(&self) -> String {
        match self {
            What::Event(wire) => wire.clone(),
            What::Start(journey) => started(journey).to_string(),
            What::System(name) => name.to_string(),
        }
    }
}

/// Why an event is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The field that is wrong, as in `properties.items[0].price`.
    pub field: String,
    /// Why, as a sentence without a full stop.
    pub reason: String,
}

impl Refusal {
    pub(crate) fn new(field: impl Into<String>, reason: impl Into<String>) -> Refusal {
        Refusal { field: field.into(), reason: reason.into() }
    }
}

/// An event as it is taken, if it fits.
pub(crate) fn check(
    catalog: &Catalog,
    event: &Incoming,
    now: Timestamp,
    shard: Shard,
) -> Result<NewEvent, Refusal> {
    if !event.what.is_own() {
        check_key("id", &event.id)?;
        if event.id.starts_with(OWN_IDS) {
            let reason = format!("begins with `{OWN_IDS}`, as only the server's own ids do");
            return Err(Refusal::new("id", reason));
        }
        check_person("profile", &event.profile)?;
    }
    let (name, record) = declared(catalog, &event.what)?;
    let field = event.what.properties();
    let text = event.properties.as_deref().map_or("{}", RawValue::get);
    if text.len() > MOST_BYTES {
        return Err(Refusal::new(field, format!("is larger than {} KiB", MOST_BYTES / 1024)));
    }
    let tree: serde_json::Value =
        serde_json::from_str(text).map_err(|error| Refusal::new(field, format!("is not JSON: {error}")))?;
    let properties: Value = graph::Type::Record(record).read(&tree).map_err(|misfit| {
        let dot = if misfit.path.is_empty() { "" } else { "." };
        Refusal::new(format!("{field}{dot}{}", misfit.path), misfit.reason)
    })?;
    Ok(NewEvent {
        shard,
        profile: event.profile.as_str().into(),
        event: engine::Event {
            id: event.id.as_str().into(),
            name,
            at: event.at.map_or(now, |at| Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)),
            properties,
        },
        text: text.to_owned(),
        sender: None,
    })
}

/// The name of an event in the language, and the shape of its properties.
fn declared(catalog: &Catalog, what: &What) -> Result<(Name, Arc<RecordType>), Refusal> {
    let project = catalog.project();
    match what {
        What::Event(wire) => match (project.derived_record(wire), project.event_on_wire(wire)) {
            (Some(record), _) => Ok((wire.as_str().into(), record)),
            (None, Some(schema)) => Ok((schema.name.clone(), schema.record.clone())),
            (None, None) => {
                let wires = project.events.values().map(|schema| &*schema.wire);
                Err(Refusal::new("event", unknown(wire, wires)))
            }
        },
        What::System(name) => match system_record(name) {
            Some(record) => Ok((name.clone(), record)),
            None => Err(Refusal::new("event", unknown(name, SYSTEM_EVENTS.into_iter()))),
        },
        What::Start(name) => match project.journeys.get(name.as_str()) {
            Some(journey) => match &journey.input {
                Some(input) => Ok((started(name), input.clone())),
                None => {
                    let reason =
                        format!("`{name}` is entered by events only: it has no `enter when started`");
                    Err(Refusal::new("journey", reason))
                }
            },
            None => {
                let known = project.journeys.keys().map(|name| &**name);
                Err(Refusal::new("journey", unknown(name, known)))
            }
        },
    }
}

/// The shard that an event is for; 0 if it does not say whom it is about.
pub(crate) fn shard(received: &Received<'_>, shards: u16) -> Shard {
    let of = |profile: &str| check_key("profile", profile).map_or(0, |()| shard_of(profile, shards));
    match &received.event {
        Ok(event) if event.what.is_own() => shard_of(&event.profile, shards),
        Ok(event) => of(&event.profile),
        Err(_) => fields(received.text).2.map_or(0, |profile| of(&profile)),
    }
}

/// What can be read of an event that is none: its id, its name, its profile.
fn fields(text: &str) -> (Option<String>, Option<String>, Option<String>) {
    let tree: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let field = |name: &str| tree.get(name).and_then(|value| value.as_str()).map(str::to_owned);
    (field("id"), field("event"), field("profile"))
}

/// What is kept of an event that is not taken. Of one that could not be read, whatever can be.
pub(crate) fn refused(
    received: &Received<'_>,
    refusal: &Refusal,
    id: Uuid,
    at: Timestamp,
    shard: Shard,
) -> RefusedEvent {
    let (event_id, event, profile) = match &received.event {
        Ok(event) => (Some(event.id.clone()), Some(event.what.shown()), Some(event.profile.clone())),
        Err(_) => fields(received.text),
    };
    let profile = profile.filter(|profile| check_key("profile", profile).is_ok());
    RefusedEvent {
        shard,
        id,
        at,
        event_id: event_id.map(|id| beginning(&id, MOST_KEY)),
        event: event.map(|event| beginning(&event, MOST_KEY)),
        profile,
        field: beginning(&refusal.field, MOST_KEY),
        reason: beginning(&refusal.reason, MOST_SHOWN),
        body: kept_of(received.text),
    }
}

/// What is kept of the text of an event that is not taken.
pub(crate) fn kept_of(text: &str) -> String {
    beginning(text, MOST_SHOWN)
}

/// So many characters of a text, without NUL, which PostgreSQL does not keep.
fn beginning(text: &str, most: usize) -> String {
    text.chars().take(most).map(|letter| if letter == '\0' { '\u{fffd}' } else { letter }).collect()
}

/// Checks a key that a sender chose.
///
/// # Errors
/// When it is empty, too long, or holds control characters.
pub fn check_key(field: &str, key: &str) -> Result<(), Refusal> {
    if key.is_empty() {
        return Err(Refusal::new(field, "must not be empty"));
    }
    if key.chars().count() > MOST_KEY {
        return Err(Refusal::new(field, format!("is longer than {MOST_KEY} characters")));
    }
    if key.chars().any(char::is_control) {
        return Err(Refusal::new(field, "must not contain control characters"));
    }
    Ok(())
}

/// Checks the key of a person that a sender chose.
///
/// # Errors
/// As of [`check_key`], and when it is one of the server's own.
pub fn check_person(field: &str, key: &str) -> Result<(), Refusal> {
    check_key(field, key)?;
    if is_system_key(key) {
        let reason =
            format!("begins with `{OWN_IDS}`, as only the keys do of whom the server's events are about");
        return Err(Refusal::new(field, reason));
    }
    Ok(())
}

/// Says that a name is unknown, and which known one may be meant.
pub(crate) fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let mut known: Vec<&str> = known.collect();
    known.sort_unstable();
    match known.iter().find(|candidate| plain(candidate) == plain(name)) {
        Some(meant) => format!("`{name}` is not declared; did you mean `{meant}`?"),
        None => format!("`{name}` is not declared; known are {}", list(&known)),
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(|letter| letter.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

fn list(names: &[&str]) -> String {
    if names.is_empty() {
        return "none".into();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
