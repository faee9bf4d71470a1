//! The compiled journey: a checked state machine, the one thing language and engine agree on.
//!
//! What is here: values and their types, expressions and templates after checking, the functions an expression may
//! call, the step graph of a journey, and the declarations (events, actions, connections) around it.
//! What comes in: trees that `lang` has checked. What goes out: data that `engine` walks.
//! Deliberately absent: source text handling, IO, a clock, chance.

pub mod answers;
pub mod audience;
pub mod auth;
pub mod call;
pub mod expr;
pub mod hook;
pub mod journey;
pub mod json;
pub mod library;
pub mod link;
pub mod mail;
pub mod policy;
mod pressure;
pub mod project;
mod retry;
pub mod rules;
pub mod schedule;
pub mod sign;
pub mod step;
pub mod system;
pub mod template;
pub mod test;
pub mod types;
mod union;
pub mod value;

pub use answers::Answers;
pub use audience::Audience;
pub use auth::{Auth, ClientProof, OAuth2, Setting, TokenCall};
pub use call::{Answer, CallError, ErrorKind, Request};
pub use expr::{BinaryOp, Expr, Formula, Lambda, Root, UnaryOp};
pub use journey::{Edge, Journey, Way, version_of};
pub use link::{Destination, Link, SUBSCRIPTIONS, subscription, subscription_event, subscription_record};
pub use mail::{Dkim, MailPart, Mailer};
pub use policy::{Policy, Quiet};
pub use pressure::{Breaker, Pressure};
pub use project::{Action, Body, Connection, EventSchema, FormPart, Message, ProfileSchema, Project};
pub use retry::{Retry, RetryOn};
pub use rules::{
    Condition, Entry, ExitRule, Goal, Inside, Listener, Open, REACTIONS, Rate, Reentry, Scheduled, ended,
    reaction, reaction_record, scheduled, started,
};
pub use sign::{Sign, Tls};
pub use step::{Arm, CalendarDay, Moment, Since, Span, Step, StepKind};
pub use system::{SYSTEM_EVENTS, is_system_key, system_key, system_record, system_subject};
pub use template::{Escape, Part, Template};
pub use types::{Field, RecordType, Type};
pub use union::UnionType;
pub use value::{Record, Value, duration_text};

/// The text type used for names and short strings: cheap to clone, immutable.
pub type Name = std::sync::Arc<str>;
