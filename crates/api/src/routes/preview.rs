//! `POST /v1/preview`: the request that an action or a message makes, before anything is sent.

use std::collections::BTreeMap;

use axum::{Json, body::Bytes, extract::State, http::StatusCode};
use engine::preview::NoPreview;
use runtime::{LookError, Wanted};
use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::body::read;
use crate::{
    App,
    problem::Problem,
    views::{ActionList, PreviewView},
};

/// What is to be looked at, and the data that it is made of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPreview {
    /// The action or message.
    name: String,
    /// The key of a person whose attributes are taken as they are now.
    #[serde(default)]
    person: Option<String>,
    /// The attributes of a sample person; not beside `person`.
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    profile: Option<Map<String, Value>>,
    /// The event that they entered by.
    #[serde(default)]
    event: Option<SampleEvent>,
    /// Arguments by name; those that are missing are taken from the event and the attributes.
    #[serde(default)]
    #[schema(value_type = Object)]
    args: BTreeMap<String, Value>,
}

/// An event of a sample.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SampleEvent {
    /// Its name on the wire.
    event: String,
    /// Its properties.
    #[serde(default)]
    #[schema(value_type = Object)]
    properties: Map<String, Value>,
}

/// Look at the request that an action or a message makes. Nothing is sent; secrets are dots.
#[utoipa::path(
    post, path = "/v1/preview", operation_id = "preview", tag = "journeys", request_body = NewPreview,
    responses(
        (status = 200, body = PreviewView),
        (status = 400, description = "Not a request for a preview", body = Problem),
        (status = 404, description = "No such action, message or person", body = Problem),
        (status = 422, description = "The data makes no request", body = Problem),
    )
)]
pub(super) async fn post(State(app): State<App>, body: Bytes) -> Result<Json<PreviewView>, Problem> {
    let asked: NewPreview = read(&body)?;
    if asked.person.is_some() && asked.profile.is_some() {
        return Err(Problem::bad_request("give either `person`, a key, or `profile`, attributes"));
    }
    let event = asked.event.map(|event| (event.event, Value::Object(event.properties)));
    let wanted =
        Wanted { name: asked.name, person: asked.person, profile: asked.profile, event, args: asked.args };
    match app.runtime.look(wanted).await {
        Ok(looked) => Ok(Json(PreviewView::from(&looked))),
        Err(LookError::Store(error)) => Err(error.into()),
        Err(LookError::Misfit(misfit)) => Err(Problem::misfit(&misfit.path, &misfit.reason)),
        Err(error @ (LookError::NoProfile(_) | LookError::Request(NoPreview::Unknown(_)))) => {
            Err(Problem::not_found(error.to_string()))
        }
        Err(LookError::Request(NoPreview::Argument { name, wanted, reason })) => {
            Err(Problem::misfit(&format!("args.{name}"), &format!("{reason}; expected {wanted}")))
        }
        Err(LookError::Request(error @ NoPreview::Request(_))) => {
            let status = StatusCode::UNPROCESSABLE_ENTITY;
            Err(Problem::new(status, "no-request", "the data makes no request", error.to_string()))
        }
    }
}

/// List the actions and messages, with what they are given.
#[utoipa::path(
    get, path = "/v1/actions", operation_id = "listActions", tag = "journeys",
    responses((status = 200, body = ActionList))
)]
pub(super) async fn list(State(app): State<App>) -> Json<ActionList> {
    Json(ActionList::of(app.runtime.catalog().project()))
}
