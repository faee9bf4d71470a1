//! `/hooks/{webhook}`: what partners tell us, of messages that went out. It needs no key: the partner's signature is one.

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use runtime::{Delivery, Heard};
use url::form_urlencoded;

use crate::{App, problem::Problem};

/// Hear a partner: what it tells becomes reactions of messages, as the project's `webhook` of this name says.
///
/// The request is shaped and signed by the partner. What is about no message of ours is answered with 200 too, since
/// partners tell again what is not.
#[utoipa::path(
    post, path = "/hooks/{webhook}", operation_id = "callWebhook", tag = "webhooks",
    params(("webhook" = String, Path, description = "The name of the webhook")),
    request_body(content = String, description = "As the partner sends it"),
    responses(
        (status = 200, description = "Durable and applied, or about no message of ours"),
        (status = 401, description = "Not proven to be the partner's; nothing was kept", body = Problem),
        (status = 404, description = "There is no such webhook", body = Problem),
        (status = 413, description = "The body is too large; nothing was kept", body = Problem),
        (status = 422, description = "It does not have the declared shape; that is kept among the refused events", body = Problem),
        (status = 503, description = "Not kept, or not known to be; call again", body = Problem),
    )
)]
pub(super) async fn post(
    State(app): State<App>,
    Path(webhook): Path<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let target = uri.path_and_query().map_or("/", |target| target.as_str());
    let headers: Vec<(String, String)> = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    let call = Delivery { method: method.as_str(), target, headers: &headers, body: &body, public_url: None };
    match app.runtime.hear_partner(&webhook, &call).await? {
        Heard::Taken { .. } => Ok(StatusCode::OK.into_response()),
        Heard::Unknown => Err(Problem::not_found(format!("there is no webhook `{webhook}`"))),
        Heard::Unverified(reason) => Err(unverified(reason)),
        Heard::Lacking(reason) => Err(Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "not-ready",
            "the call cannot be verified",
            reason,
        )),
        Heard::Refused(refusal) => Err(Problem::misfit(&refusal.field, &refusal.reason)),
    }
}

/// A call without a body; or the question whether we are here, which is answered with what was asked to be said.
pub(super) async fn get(
    State(app): State<App>,
    Path(webhook): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let query: Vec<(String, String)> =
        form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).into_owned().collect();
    let value = |name: &str| query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let Some(challenge) = value("hub.challenge").filter(|_| value("hub.mode") == Some("subscribe")) else {
        return post(State(app), Path(webhook), Method::GET, uri, headers, Bytes::new()).await;
    };
    if app.runtime.is_expected(&webhook, value("hub.verify_token").unwrap_or_default()).await {
        return Ok(challenge.to_owned().into_response());
    }
    Err(unverified("`hub.verify_token` is not what the `challenge` of the webhook holds".into()))
}

fn unverified(reason: String) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "unverified", "not proven to be the partner's", reason)
}
