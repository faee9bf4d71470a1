//! Profiles: `/v1/profiles/{key}`.

use axum::{
    Json,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
};
use runtime::{ProfileAnswer, ProfileChange};
use serde_json::{Map, Value};
use store::Profile;

use crate::{App, problem::Problem, views::ProfileView};

/// Set a person's attributes to these and no others.
#[utoipa::path(
    put, path = "/v1/profiles/{key}", operation_id = "setProfile", tag = "profiles", params(("key" = String, Path)), request_body = Object,
    responses((status = 200, body = ProfileView), (status = 400, body = Problem), (status = 422, body = Problem))
)]
pub(super) async fn put(
    State(app): State<App>,
    Path(key): Path<String>,
    body: Bytes,
) -> Result<Json<ProfileView>, Problem> {
    let attributes = attributes(&key, &body)?;
    change(&app, &key, ProfileChange::Put(attributes)).await
}

/// Set some of a person's attributes; `null` removes one.
#[utoipa::path(
    patch, path = "/v1/profiles/{key}", operation_id = "changeProfile", tag = "profiles", params(("key" = String, Path)), request_body = Object,
    responses((status = 200, body = ProfileView), (status = 400, body = Problem), (status = 422, body = Problem))
)]
pub(super) async fn patch(
    State(app): State<App>,
    Path(key): Path<String>,
    body: Bytes,
) -> Result<Json<ProfileView>, Problem> {
    let attributes = attributes(&key, &body)?;
    change(&app, &key, ProfileChange::Patch(attributes)).await
}

fn attributes(key: &str, body: &Bytes) -> Result<Map<String, Value>, Problem> {
    runtime::check_key("key", key).map_err(|refusal| Problem::misfit(&refusal.field, &refusal.reason))?;
    serde_json::from_slice(body).map_err(|error| {
        Problem::bad_request(format!("the body is not a JSON object of attributes: {error}"))
    })
}

async fn change(app: &App, key: &str, change: ProfileChange) -> Result<Json<ProfileView>, Problem> {
    match app.runtime.change_profile(key, change).await? {
        ProfileAnswer::Stored(profile) => Ok(Json(view(app, &profile))),
        ProfileAnswer::Misfit(misfit) => Err(Problem::misfit(&misfit.path, &misfit.reason)),
    }
}

/// A person's attributes.
#[utoipa::path(
    get, path = "/v1/profiles/{key}", operation_id = "getProfile", tag = "profiles", params(("key" = String, Path)),
    responses((status = 200, body = ProfileView), (status = 404, body = Problem))
)]
pub(super) async fn get(
    State(app): State<App>,
    Path(key): Path<String>,
) -> Result<Json<ProfileView>, Problem> {
    let profile = app.runtime.store().profile(app.runtime.shard_of(&key), &key).await?;
    profile.as_ref().map(|profile| Json(view(&app, profile))).ok_or_else(|| no_profile(&key))
}

fn view(app: &App, profile: &Profile) -> ProfileView {
    ProfileView::new(profile, app.runtime.subscriptions_of(Some(profile)))
}

pub(super) fn no_profile(key: &str) -> Problem {
    Problem::not_found(format!("there is no profile `{key}`"))
}

/// Erase a person: attributes, events, instances and their history.
#[utoipa::path(
    delete, path = "/v1/profiles/{key}", operation_id = "eraseProfile", tag = "profiles", params(("key" = String, Path)),
    responses((status = 204), (status = 503, body = Problem))
)]
pub(super) async fn delete(State(app): State<App>, Path(key): Path<String>) -> Result<StatusCode, Problem> {
    app.runtime.erase_profile(&key).await?;
    Ok(StatusCode::NO_CONTENT)
}
