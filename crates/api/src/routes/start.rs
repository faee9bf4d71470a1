//! `POST /v1/journeys/{name}/start`: lets somebody into a journey that may be started.

use axum::{
    Json,
    body::Bytes,
    extract::{Extension, Path, State},
    http::StatusCode,
};
use runtime::{
    Incoming, Receipt, Received, What,
    wire::{read_moment, unreadable},
};
use serde::Deserialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::traced::Span;
use crate::{App, problem::Problem, views::StartReceipt};

/// Who is let in, and with what.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "documents the body; `WireStart` reads it without copying")]
pub(super) struct NewStart {
    /// Chosen by the sender, unique per profile: a start whose id is known does nothing again.
    id: String,
    /// The key of the person.
    profile: String,
    /// When it happened (RFC 3339); now if left out.
    at: Option<String>,
    /// What the journey is given, in the shape that it declares.
    #[schema(value_type = Option<Object>)]
    input: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WireStart {
    id: String,
    profile: String,
    #[serde(default)]
    at: Option<String>,
    #[serde(default)]
    input: Option<Box<RawValue>>,
}

/// Let somebody into a journey. Answered once that is durable; says why, if they stay out.
#[utoipa::path(
    post, path = "/v1/journeys/{name}/start", operation_id = "startJourney", tag = "journeys",
    params(("name" = String, Path)), request_body = NewStart,
    responses(
        (status = 202, description = "Durable and applied", body = StartReceipt),
        (status = 422, description = "Refused; nothing happened", body = Problem),
        (status = 503, description = "Not kept, or not known to be; send the same id again", body = Problem),
    )
)]
pub(super) async fn post(
    State(app): State<App>,
    Path(name): Path<String>,
    span: Option<Extension<Span>>,
    body: Bytes,
) -> Result<(StatusCode, Json<StartReceipt>), Problem> {
    let text = std::str::from_utf8(&body).map_err(|_| Problem::bad_request("the body is not UTF-8"))?;
    let wire: WireStart = serde_json::from_str(text).map_err(|error| {
        let refusal = unreadable(&error);
        Problem::misfit(&refusal.field, &refusal.reason)
    })?;
    let at = wire.at.as_deref().map(read_moment).transpose();
    let at = at.map_err(|refusal| Problem::misfit(&refusal.field, &refusal.reason))?;
    let properties = wire.input.filter(|input| input.get() != "null");
    let what = What::Start(name.clone());
    let event = Incoming { id: wire.id, what, profile: wire.profile, at, properties };
    let sender = span.map(|Extension(Span(trace))| trace);
    let verdicts = app.runtime.take_events(vec![Received { text, event: Ok(event), sender }]).await?;
    let receipt = match verdicts.into_iter().next() {
        Some(Ok(Receipt::Accepted(outcomes))) => {
            let own = outcomes.into_iter().find(|outcome| *outcome.journey == *name);
            StartReceipt::of(own)
        }
        Some(Ok(Receipt::Duplicate)) => StartReceipt::duplicate(),
        Some(Err(refusal)) => return Err(Problem::misfit(&refusal.field, &refusal.reason)),
        None => StartReceipt::of(None),
    };
    Ok((StatusCode::ACCEPTED, Json(receipt)))
}
