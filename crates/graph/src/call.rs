//! A call to a partner, as plain data: the request that goes out, the answer or the error that comes back.
//!
//! `engine` writes requests and reads answers, `connect` carries them. A request never holds a secret: the connection
//! it names adds those while it sends.

use serde::{Deserialize, Serialize};

use crate::{Name, Value};

/// A rendered request, complete but for the connection's host and credentials. A mail is one too: its method is
/// [`MAIL`](crate::mail::MAIL), it has no path, and its headers are those parts of it that stand in its head.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// The connection that carries it.
    pub connection: Name,
    /// The HTTP method in capitals.
    pub method: Name,
    /// Path and query, beginning with `/`, percent-encoded.
    pub path: String,
    /// Header names and values, in order.
    pub headers: Vec<(Name, String)>,
    /// The content type and the body.
    pub body: Option<(Name, String)>,
    /// What a mail with an HTML body says where HTML is not shown, if that was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What a partner answered, whatever the status.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The HTTP status code.
    pub status: u16,
    /// The content type, if one was given.
    pub content_type: Option<String>,
    /// The headers, their names in lower case; several of one name are one, with commas between.
    #[serde(default)]
    pub headers: Vec<(Name, String)>,
    /// How long the partner asks us to wait before the next attempt, in microseconds.
    pub retry_after: Option<i64>,
    /// The body as text.
    pub body: String,
}

impl Answer {
    /// An answer of which nothing else is known.
    pub fn of(status: u16, body: impl Into<String>) -> Answer {
        Answer { status, content_type: None, headers: Vec::new(), retry_after: None, body: body.into() }
    }
}

/// What kind of error ended an attempt or a call: the `kind` of `on error as e`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ErrorKind {
    /// No answer in time.
    Timeout,
    /// No connection: refused, unreachable, not allowed, or the name is unknown.
    Refused,
    /// An answer outside 200–299.
    Http,
    /// An answer that does not fit its declared shape, or a request that could not be made from the data.
    Invalid,
    /// The connection's cap was reached.
    Capped,
    /// The connection's circuit breaker is open.
    Open,
    /// The credentials were missing or refused.
    Auth,
    /// A fault in Wayfare itself.
    Internal,
}

impl ErrorKind {
    /// Every kind, in the order of the manual.
    pub const ALL: [ErrorKind; 8] = [
        ErrorKind::Timeout,
        ErrorKind::Refused,
        ErrorKind::Http,
        ErrorKind::Invalid,
        ErrorKind::Capped,
        ErrorKind::Open,
        ErrorKind::Auth,
        ErrorKind::Internal,
    ];

    /// The word for it in the language and on the wire.
    pub fn word(self) -> &'static str {
        match self {
            ErrorKind::Timeout => "timeout",
            ErrorKind::Refused => "refused",
            ErrorKind::Http => "http",
            ErrorKind::Invalid => "invalid",
            ErrorKind::Capped => "capped",
            ErrorKind::Open => "open",
            ErrorKind::Auth => "auth",
            ErrorKind::Internal => "internal",
        }
    }
}

/// Why an attempt or a whole call failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallError {
    /// What kind of failure it is.
    pub kind: ErrorKind,
    /// The status code, when there was an answer.
    pub status: Option<u16>,
    /// What happened, as a sentence without secrets.
    pub reason: String,
    /// The body of the answer, when there was one.
    pub body: Option<Value>,
    /// How long to leave the partner alone at least, in microseconds, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<i64>,
}

impl CallError {
    /// An error without an answer.
    pub fn new(kind: ErrorKind, reason: impl Into<String>) -> CallError {
        CallError { kind, status: None, reason: reason.into(), body: None, wait: None }
    }

    /// The value that `on error as e` binds.
    pub fn to_value(&self) -> Value {
        Value::record([
            ("kind", Value::text(self.kind.word())),
            ("status", self.status.map_or(Value::Null, |status| Value::Int(i64::from(status)))),
            ("reason", Value::text(self.reason.as_str())),
            ("body", self.body.clone().unwrap_or(Value::Null)),
        ])
    }
}
