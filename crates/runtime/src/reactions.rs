//! What people do with a message, as its own links say it: events of theirs, `reminder.clicked`, like those that a provider
//! tells of.

use engine::link::WayBack;
use serde::Serialize;
use serde_json::value::to_raw_value;
use uuid::Uuid;

use crate::{Error, Incoming, Received, Runtime, What};

/// What somebody did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// Opened the message: once, however often.
    Opened,
    /// Followed a link of it.
    Clicked,
}

/// The properties of the event.
#[derive(Serialize)]
struct Reaction<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    instance: Uuid,
}

impl Runtime {
    /// Somebody did something with a message.
    ///
    /// # Errors
    /// When nothing can be taken now, or whether it was is unknown.
    pub async fn note(&self, back: &WayBack, done: Done) -> Result<(), Error> {
        let (word, id) = match done {
            // The same picture fetched again is the same event.
            Done::Opened => ("opened", Uuid::new_v5(&back.instance, back.message.as_bytes())),
            Done::Clicked => ("clicked", Uuid::now_v7()),
        };
        let reaction = Reaction { url: back.url.as_deref(), instance: back.instance };
        let event = Incoming {
            id: id.to_string(),
            what: What::Event(format!("{}.{word}", back.message)),
            profile: back.profile.to_string(),
            at: None,
            properties: to_raw_value(&reaction).ok(),
        };
        self.take_events(vec![Received { text: "", event: Ok(event), sender: None }]).await.map(drop)
    }
}
