//! Links in messages: what each says when it comes back, and who writes it.

use std::fmt::Write as _;

use graph::{Destination, Link, Name, library::encode::url};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a link says when it comes back: which message it stood in, and who got that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayBack {
    /// The key of the person who got it.
    pub profile: Name,
    /// The message.
    pub message: Name,
    /// The instance that sent it.
    pub instance: Uuid,
    /// What whoever follows it may unsubscribe from.
    pub policy: Option<Name>,
}

/// Writes links: the same for the same message of the same instance, so that every attempt has the same request.
pub trait Links: std::fmt::Debug + Send + Sync {
    /// The text of a link.
    fn write(&self, to: Destination, back: &WayBack) -> String;
}

/// Links that can be read and lead nowhere, for tests and previews.
#[derive(Clone, Copy, Debug)]
pub struct Readable;

impl Links for Readable {
    fn write(&self, to: Destination, back: &WayBack) -> String {
        let mut text = match to {
            Destination::Unsubscribe => "https://wayfare.example/unsubscribe/".to_owned(),
            Destination::Token => String::new(),
        };
        let policy = back.policy.as_deref().filter(|_| to == Destination::Unsubscribe);
        let names = policy.into_iter().chain([&*back.message, &*back.profile]);
        for (index, name) in names.enumerate() {
            let _ = write!(text, "{}{}", if index > 0 { "/" } else { "" }, url(name));
        }
        text
    }
}

/// The way back to a message of an instance.
pub(crate) fn way_back(link: &Link, profile: &Name, instance: Uuid) -> WayBack {
    WayBack { profile: profile.clone(), message: link.message.clone(), instance, policy: link.policy.clone() }
}
