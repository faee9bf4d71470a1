//! What a span says: names, kinds and attributes, by the semantic conventions of OpenTelemetry where there are some
//! (HTTP, services, errors), else under `wayfare.`.
//!
//! Deliberately absent: paths, queries, headers, bodies and reasons of failures, which may hold what is personal or secret.

use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value},
    trace::v1::{Span, SpanFlags, Status, span, status::StatusCode},
};
use runtime::{Answered, Attempted, Called, Entry, Trace};

/// What a mail has for a method.
const MAIL: &str = "MAIL";

/// A span before it is encoded.
pub(crate) struct Record {
    pub(crate) trace: Trace,
    pub(crate) began: SystemTime,
    pub(crate) ended: SystemTime,
    pub(crate) what: What,
}

pub(crate) enum What {
    Entry(Entry),
    Attempt(Attempted),
    Request(Answered),
}

impl Record {
    /// As OTLP has it.
    pub(crate) fn span(&self) -> Span {
        let own = match &self.what {
            What::Entry(entry) => of_entry(entry),
            What::Attempt(attempt) => of_attempt(attempt),
            What::Request(answered) => of_request(answered),
        };
        Span {
            trace_id: self.trace.trace.into_bytes().to_vec(),
            span_id: self.trace.span.get().to_be_bytes().to_vec(),
            flags: own.flags | flags(self.trace),
            start_time_unix_nano: nanos(self.began),
            end_time_unix_nano: nanos(self.ended),
            ..own
        }
    }
}

/// The root of an instance's trace. It does not last as long as the instance, which may be months: it is the turn in
/// which the instance entered.
fn of_entry(entry: &Entry) -> Span {
    let link = |sender: Trace| span::Link {
        trace_id: sender.trace.into_bytes().to_vec(),
        span_id: sender.span.get().to_be_bytes().to_vec(),
        flags: flags(sender),
        ..span::Link::default()
    };
    Span {
        name: format!("journey {}", entry.journey),
        kind: span::SpanKind::Internal.into(),
        attributes: vec![
            text("wayfare.journey", &entry.journey),
            text("wayfare.version", &entry.version),
            text("wayfare.instance", &entry.instance.to_string()),
            number("wayfare.shard", entry.shard.into()),
        ],
        links: entry.sender.map(link).into_iter().collect(),
        ..Span::default()
    }
}

fn of_attempt(attempt: &Attempted) -> Span {
    let Attempted { trace, call, number: call_number, attempt: number_of, method, host, end, .. } = attempt;
    let Called { connection, action, journey, step } = call;
    let by_mail = **method == *MAIL;
    let mut attributes = vec![
        text("wayfare.journey", journey),
        text("wayfare.step", step),
        text("wayfare.instance", &trace.trace.to_string()),
        text("wayfare.connection", connection),
        text("wayfare.action", action),
        number("wayfare.call", (*call_number).into()),
        number("wayfare.attempt", (*number_of).into()),
    ];
    if by_mail {
        attributes.push(text("network.protocol.name", "smtp"));
    } else {
        attributes.push(text("http.request.method", method));
        if *number_of > 1 {
            attributes.push(number("http.request.resend_count", i64::from(*number_of) - 1));
        }
    }
    if let Some(host) = host {
        attributes.push(text("server.address", &host.name));
        attributes.extend(host.port.map(|port| number("server.port", port.into())));
        if !by_mail {
            attributes.push(text("url.scheme", &host.scheme));
        }
    }
    let failed = match end {
        Ok(status) => {
            let name = if by_mail { "wayfare.smtp.reply_code" } else { "http.response.status_code" };
            attributes.push(number(name, (*status).into()));
            (*status >= 400).then(|| status.to_string())
        }
        Err(kind) => Some((*kind).to_owned()),
    };
    Span {
        name: format!("{method} {action}"),
        kind: span::SpanKind::Client.into(),
        parent_span_id: Trace::root(trace.trace, true).span.get().to_be_bytes().to_vec(),
        status: with_error(failed, &mut attributes),
        attributes,
        ..Span::default()
    }
}

fn of_request(answered: &Answered) -> Span {
    let mut attributes = vec![
        text("http.request.method", &answered.method),
        text("http.route", &answered.route),
        text("url.scheme", "http"),
        number("http.response.status_code", answered.status.into()),
    ];
    // What a sender does wrong is no error of the server.
    let failed = (answered.status >= 500).then(|| answered.status.to_string());
    let parent = answered.sender.map(|sender| sender.span.get().to_be_bytes().to_vec());
    Span {
        name: format!("{} {}", answered.method, answered.route),
        kind: span::SpanKind::Server.into(),
        flags: if parent.is_some() { SpanFlags::ContextIsRemoteMask as u32 } else { 0 },
        parent_span_id: parent.unwrap_or_default(),
        status: with_error(failed, &mut attributes),
        attributes,
        ..Span::default()
    }
}

/// The status of a span that failed in this way; none of one that did not. Nothing is said of why: that may hold anything.
fn with_error(failed: Option<String>, attributes: &mut Vec<KeyValue>) -> Option<Status> {
    let kind = failed?;
    attributes.push(text("error.type", &kind));
    Some(Status { code: StatusCode::Error.into(), message: String::new() })
}

/// The flags of a place in a trace, by which it is also said that they tell whether the parent is elsewhere.
fn flags(trace: Trace) -> u32 {
    u32::from(trace.sampled) | SpanFlags::ContextHasIsRemoteMask as u32
}

pub(crate) fn text(key: &str, value: &str) -> KeyValue {
    attribute(key, Value::StringValue(value.to_owned()))
}

fn number(key: &str, value: i64) -> KeyValue {
    attribute(key, Value::IntValue(value))
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

fn nanos(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}
