//! Links by which the outside finds its way back to a message that went out.
//!
//! What is here: where a message wants such a link to lead. What the link says, and how it is written, is known to
//! whoever carries the message: `engine` asks for the text while it renders.

use std::sync::Arc;

use crate::{Field, Name, RecordType, Type};

/// A link in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Where it leads.
    pub to: Destination,
    /// The message that it stands in.
    pub message: Name,
    /// What whoever follows it may unsubscribe from: the policy with a subscription that the message is sent under.
    pub policy: Option<Name>,
}

/// Where a link leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// To the page where the person unsubscribes.
    Unsubscribe,
    /// Nowhere: it is the bare text that names what went out, for a provider that hands it back.
    Token,
}

impl Destination {
    /// All of them.
    pub const ALL: [Destination; 2] = [Destination::Unsubscribe, Destination::Token];

    /// Its field of `links`.
    pub fn word(self) -> &'static str {
        match self {
            Destination::Unsubscribe => "unsubscribe",
            Destination::Token => "token",
        }
    }
}

/// What a person may say of a subscription: `marketing.unsubscribed`, `marketing.subscribed`.
pub const SUBSCRIPTIONS: [&str; 2] = ["unsubscribed", "subscribed"];

/// The event of somebody who unsubscribes from a policy, or of one who comes back.
pub fn subscription_event(policy: &str, subscribed: bool) -> Name {
    format!("{policy}.{}", if subscribed { "subscribed" } else { "unsubscribed" }).into()
}

/// The policy of an event's name and whether it subscribes to it, if it is such an event.
pub fn subscription(event: &str) -> Option<(&str, bool)> {
    let (policy, word) = event.split_once('.')?;
    SUBSCRIPTIONS.contains(&word).then_some((policy, word == "subscribed"))
}

/// The properties of such an event: by which way it came (`one-click`, `page`, or what a sender says), and the message
/// and the instance whose link it was, where it was one.
pub fn subscription_record() -> Arc<RecordType> {
    let field = |name: &str| Field { name: name.into(), ty: Type::Text.optional(), default: None, doc: None };
    let fields = ["via", "message", "instance"].map(field).into();
    Arc::new(RecordType { name: None, fields })
}
