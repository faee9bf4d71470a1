//! An event as its senders write it: the same text whichever way it comes.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{Incoming, Refusal, What};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireEvent {
    id: String,
    event: String,
    profile: String,
    #[serde(default)]
    at: Option<String>,
    #[serde(default)]
    properties: Option<Box<RawValue>>,
}

/// Reads an event: `{"id": …, "event": …, "profile": …, "at": …, "properties": {…}}`, of which the last two may be
/// missing.
///
/// # Errors
/// The field that is wrong, and why.
pub fn read(text: &str) -> Result<Incoming, Refusal> {
    let wire: WireEvent = serde_json::from_str(text).map_err(|error| unreadable(&error))?;
    let at = wire.at.as_deref().map(read_moment).transpose()?;
    let properties = wire.properties.filter(|properties| properties.get() != "null");
    Ok(Incoming { id: wire.id, what: What::Event(wire.event), profile: wire.profile, at, properties })
}

/// Why a text is not the object it should be, with the field if there is one.
pub fn unreadable(error: &serde_json::Error) -> Refusal {
    let reason = error.to_string();
    let field = reason.split('`').nth(1).filter(|_| reason.contains("field")).unwrap_or_default().to_owned();
    Refusal { field, reason }
}

/// When an event happened.
///
/// # Errors
/// When it is no date and time with an offset (RFC 3339).
pub fn read_moment(text: &str) -> Result<Timestamp, Refusal> {
    text.parse().map_err(|_| Refusal {
        field: "at".into(),
        reason: format!("`{text}` is not a date and time with offset, such as 2026-11-24T09:00:00Z"),
    })
}
