//! The rules of a journey: who enters and when, what they leave by, what counts.

use std::sync::Arc;

use jiff::{Timestamp, tz::TimeZone};

use crate::{Expr, Field, Name, RecordType, Type, schedule::Schedule};

/// How people enter a journey.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The event that starts it.
    pub event: Name,
    /// What must hold.
    pub condition: Option<Condition>,
}

/// A condition, and how it is written, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The condition.
    pub expr: Expr,
    /// As it is written.
    pub text: Name,
}

/// The event by which a journey that may be started is entered; no declared event has such a name.
pub fn started(journey: &str) -> Name {
    format!("{journey}.started").into()
}

/// The event that tells whoever started a journey and waits for its end that it has ended.
pub fn ended(journey: &str) -> Name {
    format!("{journey}.ended").into()
}

/// The event by which a journey lets people in at the times of its schedule.
pub fn scheduled(journey: &str) -> Name {
    format!("{journey}.scheduled").into()
}

/// What may happen to a message that was sent; `reminder.clicked` is the event of it.
pub const REACTIONS: [&str; 6] = ["delivered", "opened", "clicked", "bounced", "complained", "replied"];

/// The message and the reaction of an event's name, if it is one of a reaction.
pub fn reaction(event: &str) -> Option<(&str, &str)> {
    event.split_once('.').filter(|(_, reaction)| REACTIONS.contains(reaction))
}

/// The properties of every reaction: the link that was clicked or the reason of a bounce, the text of a reply, the address
/// that bounced or complained, and the instance that sent the message, where that is known.
pub fn reaction_record() -> Arc<RecordType> {
    let field = |name: &str| Field { name: name.into(), ty: Type::Text.optional(), default: None, doc: None };
    let fields = ["url", "reason", "text", "address", "instance"].map(field).into();
    Arc::new(RecordType { name: None, fields })
}

/// When a journey lets people in by itself, and whom.
#[derive(Clone, Debug, PartialEq)]
pub struct Scheduled {
    /// The times.
    pub schedule: Schedule,
    /// The zone on whose clock they are.
    pub zone: TimeZone,
    /// Only those who belong to this audience then.
    pub audience: Option<Name>,
    /// How many at most in a time.
    pub rate: Option<Rate>,
}

impl Scheduled {
    /// The first time after `after`.
    pub fn next(&self, after: Timestamp) -> Option<Timestamp> {
        self.schedule.next(after, &self.zone)
    }
}

/// So many in a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: u32,
    /// In how many microseconds.
    pub per: i64,
}

/// When a journey takes people in; always, if it does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// Not before this moment.
    pub from: Option<Timestamp>,
    /// Not from this moment on.
    pub until: Option<Timestamp>,
}

/// What happens when somebody enters who is inside under the same key already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Inside {
    /// They stay out.
    #[default]
    Skip,
    /// They begin when the earlier ones have ended.
    Queue,
    /// The earlier ones end.
    Replace,
    /// They are inside several times.
    Parallel,
}

impl Inside {
    /// Every policy.
    pub const ALL: [Inside; 4] = [Inside::Skip, Inside::Queue, Inside::Replace, Inside::Parallel];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Inside::Skip => "skip",
            Inside::Queue => "queue",
            Inside::Replace => "replace",
            Inside::Parallel => "parallel",
        }
    }
}

/// What a journey is for: an event, soon enough after entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    /// The event.
    pub on: Listener,
    /// How long after entry it counts, in microseconds, even if the instance has ended meanwhile.
    pub within: i64,
}

/// Whether and when a person may enter again after an instance has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reentry {
    /// At once.
    Always,
    /// Never.
    Never,
    /// This many microseconds after the last entry.
    After(i64),
}

/// An event that ends an instance wherever it is.
#[derive(Clone, Debug, PartialEq)]
pub struct ExitRule {
    /// What is listened for.
    pub on: Listener,
}

/// An event that is listened for.
#[derive(Clone, Debug, PartialEq)]
pub struct Listener {
    /// The event's name in the language.
    pub event: Name,
    /// The name the condition (and what follows) gives the event; `it` when the file gives none.
    pub alias: Name,
    /// What must hold.
    pub condition: Option<Expr>,
}
