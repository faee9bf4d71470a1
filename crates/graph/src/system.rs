//! What the server itself tells as events, so that journeys can heed it: what became of a connection, and instances that
//! fail. Whom such an event is about is no person: it has a key of its own, which no sender can use.

use std::sync::Arc;

use crate::{Field, Name, ProfileSchema, RecordType, Type};

/// What begins with this is the server's own: the ids of events that it lets happen, and the keys of whom its events are
/// about. Senders' ids and keys never do.
pub const OWN: &str = "wayfare:";

/// Calls of a connection fail: its breaker opened, or so many attempts failed.
pub const CONNECTION_FAILING: &str = "system.connectionFailing";
/// A connection that was failing answers again.
pub const CONNECTION_RECOVERED: &str = "system.connectionRecovered";
/// Many instances failed at one step.
pub const INSTANCES_FAILING: &str = "system.instancesFailing";

/// The events that the server tells, by their names in the language.
pub const SYSTEM_EVENTS: [&str; 3] = [CONNECTION_FAILING, CONNECTION_RECOVERED, INSTANCES_FAILING];

/// The properties of an event that the server tells; none for another name.
pub fn system_record(event: &str) -> Option<Arc<RecordType>> {
    let fields: &[(&str, Type)] = match event {
        CONNECTION_FAILING => &[
            ("connection", Type::Text),
            ("reason", Type::Text),
            ("calls", Type::Int),
            ("failed", Type::Int),
            ("share", Type::Decimal),
            ("kind", Type::Text),
        ],
        CONNECTION_RECOVERED => &[("connection", Type::Text)],
        INSTANCES_FAILING => {
            &[("journey", Type::Text), ("version", Type::Text), ("step", Type::Text), ("failed", Type::Int)]
        }
        _ => return None,
    };
    let field =
        |(name, ty): &(&str, Type)| Field { name: (*name).into(), ty: ty.clone(), default: None, doc: None };
    Some(Arc::new(RecordType { name: None, fields: fields.iter().map(field).collect() }))
}

/// The key of whom an event of the server is about: of a connection, or else of a journey, by its name.
pub fn system_key(event: &str, name: &str) -> Name {
    let what = if event == INSTANCES_FAILING { "journey" } else { "connection" };
    format!("{OWN}{what}:{name}").into()
}

/// The property that says whom an event of the server is about.
pub fn system_subject(event: &str) -> &'static str {
    if event == INSTANCES_FAILING { "journey" } else { "connection" }
}

/// Whether a key is of something that the server tells of, and of no person.
pub fn is_system_key(key: &str) -> bool {
    key.starts_with(OWN)
}

impl ProfileSchema {
    /// What a journey sees as the profile that is entered by the server's own events: the key is there, and what has a
    /// default; whatever else is known of a person may be missing.
    pub fn of_system(&self) -> ProfileSchema {
        let relaxed = |field: &Field| {
            let always = field.name == self.key || field.default.is_some();
            let ty = if always { field.ty.clone() } else { field.ty.clone().optional() };
            Field { ty, ..field.clone() }
        };
        let fields = self.record.fields.iter().map(relaxed).collect();
        let record = RecordType { name: self.record.name.clone(), fields };
        ProfileSchema { record: Arc::new(record), key: self.key.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_its_properties_and_says_whom_it_is_about() {
        for event in SYSTEM_EVENTS {
            let record = system_record(event).unwrap();
            assert!(record.field(system_subject(event)).is_some(), "{event}");
            assert!(is_system_key(&system_key(event, "shop")), "{event}");
        }
        assert_eq!(system_record("system.else"), None);
        assert_eq!(&*system_key(CONNECTION_RECOVERED, "shop"), "wayfare:connection:shop");
        assert_eq!(&*system_key(INSTANCES_FAILING, "rescue"), "wayfare:journey:rescue");
    }
}
