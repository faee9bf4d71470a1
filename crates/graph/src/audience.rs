//! Audiences: a condition on what is known of a person and on what they did decides who belongs to one.

use std::sync::Arc;

use crate::{Expr, Listener, Name, ProfileSchema};

/// Who belongs to it is decided by a condition, anew whenever something changes.
#[derive(Clone, Debug)]
pub struct Audience {
    /// Its name.
    pub name: Name,
    /// The hash of [`Audience::source`]: the name of this version.
    pub version: Name,
    /// The text that this was compiled from: the audience and every declaration it uses, complete in itself.
    pub source: Name,
    /// Its doc comment.
    pub doc: Option<Name>,
    /// What is known of a person, as this version sees it.
    pub profile: Arc<ProfileSchema>,
    /// Who belongs to it. What a window holds stands in it under the names that [`counted`] and [`latest`] give.
    pub condition: Expr,
    /// Where it looks back.
    pub windows: Vec<Window>,
    /// Whether it looks at the clock, so that it may change though nothing happens.
    pub looks_at_clock: bool,
}

/// Events that an audience looks back at.
#[derive(Clone, Debug, PartialEq)]
pub struct Window {
    /// Which events.
    pub on: Listener,
    /// How far back, in microseconds; as far as there are any, if it does not say.
    pub within: Option<i64>,
}

impl Audience {
    /// Whether events of this name matter to it.
    pub fn looks_at(&self, event: &str) -> bool {
        self.windows.iter().any(|window| &*window.on.event == event)
    }
}

/// The name under which a condition finds how many events a window holds; no name of the language has a space in it.
pub fn counted(window: usize) -> Name {
    format!("count {window}").into()
}

/// The name under which a condition finds the latest event of a window.
pub fn latest(window: usize) -> Name {
    format!("last {window}").into()
}

/// The event by which a person comes to belong to an audience.
pub fn joined(audience: &str) -> Name {
    format!("{audience}.joined").into()
}

/// The event by which a person ceases to belong to an audience.
pub fn left(audience: &str) -> Name {
    format!("{audience}.left").into()
}
