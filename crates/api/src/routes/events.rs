//! `POST /v1/events`: one event, a list, or one a line.

use axum::{
    Json,
    body::Bytes,
    extract::{Extension, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use runtime::{Receipt, Received, Refusal, wire};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::traced::Span;
use crate::{
    App,
    problem::Problem,
    views::{IngestReceipt, RefusalView},
};

/// The most events of one request.
const MOST_EVENTS: usize = 10_000;

/// An event.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents the body; `runtime::wire` reads it without copying")]
pub(super) struct NewEvent {
    /// Chosen by the sender, unique per profile: an event whose id is known is not applied again.
    id: String,
    /// Its name on the wire, as the project declares it.
    #[schema(example = "Cart Abandoned")]
    event: String,
    /// The key of the person.
    profile: String,
    /// When it happened (RFC 3339); now if left out.
    at: Option<String>,
    /// Its properties, in the shape the project declares.
    #[schema(value_type = Option<Object>)]
    properties: Option<serde_json::Value>,
}

/// Take events: one object, an array, or (as `application/x-ndjson`) one object a line.
///
/// Answered once every event is durable and applied. A bad event is refused and the good ones of the same request are
/// kept: the answer is then 422 and says which are which, so that sending all of them again is always safe.
#[utoipa::path(
    post, path = "/v1/events", operation_id = "sendEvents", tag = "events", request_body = NewEvent,
    responses(
        (status = 202, description = "Durable and applied", body = IngestReceipt),
        (status = 400, description = "The body cannot be read; nothing was kept", body = Problem),
        (status = 413, description = "The body is too large; nothing was kept", body = Problem),
        (status = 422, description = "Some events were refused; `refused` says which and why, `kept` which were kept", body = Problem),
        (status = 503, description = "Not kept, or not known to be; send the same events again", body = Problem),
    )
)]
pub(super) async fn post(
    State(app): State<App>,
    span: Option<Extension<Span>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let items = read_items(content_type, &body)?;
    let sender = span.map(|Extension(Span(trace))| trace);
    let received = |text| Received { text, event: wire::read(text), sender };
    let received = items.into_iter().map(received).collect::<Vec<_>>();
    let verdicts = if received.is_empty() { Vec::new() } else { app.runtime.take_events(received).await? };
    let mut receipt = IngestReceipt { accepted: 0, duplicates: 0 };
    let (mut kept, mut refused) = (Vec::new(), Vec::new());
    for (index, verdict) in verdicts.into_iter().enumerate() {
        match verdict {
            Ok(Receipt::Accepted(_)) => receipt.accepted += 1,
            Ok(Receipt::Duplicate) => receipt.duplicates += 1,
            Err(refusal) => {
                refused.push((index, refusal));
                continue;
            }
        }
        kept.push(index);
    }
    if refused.is_empty() {
        return Ok((StatusCode::ACCEPTED, Json(receipt)).into_response());
    }
    Err(refusal_problem(&receipt, &kept, refused))
}

fn refusal_problem(receipt: &IngestReceipt, kept: &[usize], refused: Vec<(usize, Refusal)>) -> Problem {
    for (index, refusal) in refused.iter().take(10) {
        tracing::warn!(index, field = %refusal.field, reason = %refusal.reason, "an event was refused");
    }
    let detail = match refused.first() {
        Some((index, first)) => format!(
            "{} of {} events refused; the first, at index {index}: `{}` {}",
            refused.len(),
            refused.len() + kept.len(),
            first.field,
            first.reason
        ),
        None => String::new(),
    };
    let refused: Vec<serde_json::Value> = refused
        .into_iter()
        .map(|(index, refusal)| RefusalView { index, field: refusal.field, reason: refusal.reason })
        .filter_map(|refused| serde_json::to_value(refused).ok())
        .collect();
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "refused-events", "some events were refused", detail)
        .with("accepted", receipt.accepted)
        .with("duplicates", receipt.duplicates)
        .with("kept", kept.to_vec())
        .with("refused", refused)
}

/// The events of a body, unread.
fn read_items<'a>(content_type: &str, body: &'a [u8]) -> Result<Vec<&'a str>, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::bad_request("the body is not UTF-8"))?;
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    let items: Vec<&str> = match kind {
        "application/x-ndjson" | "application/ndjson" | "application/jsonl" => {
            text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
        }
        "application/json" => match text.trim_start().as_bytes().first() {
            Some(b'[') => serde_json::from_str::<Vec<&RawValue>>(text)
                .map_err(|error| Problem::bad_request(format!("the body is not JSON: {error}")))?
                .into_iter()
                .map(RawValue::get)
                .collect(),
            Some(_) => vec![text],
            None => {
                return Err(Problem::bad_request(
                    "the body is empty; send an event, a list, or one event a line",
                ));
            }
        },
        other => {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "the content type is not known",
                format!("`{other}` is not known; send application/json or application/x-ndjson"),
            ));
        }
    };
    if items.len() > MOST_EVENTS {
        return Err(Problem::bad_request(format!("a request takes at most {MOST_EVENTS} events")));
    }
    Ok(items)
}
