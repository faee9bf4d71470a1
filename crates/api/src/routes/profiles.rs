//! Profiles: `/v1/profiles/{key}` and its timeline.

use std::collections::HashMap;

use axum::{
    Json,
    body::Bytes,
    extract::{Path, Query, State, rejection::BytesRejection},
    http::StatusCode,
};
use runtime::{ProfileAnswer, ProfileChange};
use serde::Deserialize;
use serde_json::{Map, Value};
use store::Filter;
use utoipa::IntoParams;

use crate::{
    App,
    problem::Problem,
    views::{ProfileView, Timeline, TimelineEntry},
};

/// How many events a page of a timeline has.
const PAGE: u32 = 50;
/// How many turns of instances a page of a timeline has at most.
const MOST_TURNS: u32 = 500;

/// Set a person's attributes to these and no others.
#[utoipa::path(
    put, path = "/v1/profiles/{key}", operation_id = "setProfile", tag = "profiles", params(("key" = String, Path)), request_body = Object,
    responses((status = 200, body = ProfileView), (status = 400, body = Problem), (status = 422, body = Problem))
)]
pub(super) async fn put(
    State(app): State<App>,
    Path(key): Path<String>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<ProfileView>, Problem> {
    let attributes = attributes(&key, body)?;
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
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<ProfileView>, Problem> {
    let attributes = attributes(&key, body)?;
    change(&app, &key, ProfileChange::Patch(attributes)).await
}

fn attributes(key: &str, body: Result<Bytes, BytesRejection>) -> Result<Map<String, Value>, Problem> {
    let body = body.map_err(|rejection| super::body_problem(&rejection))?;
    runtime::check_key("key", key).map_err(|refusal| Problem::misfit(&refusal.field, &refusal.reason))?;
    serde_json::from_slice(&body).map_err(|error| {
        Problem::bad_request(format!("the body is not a JSON object of attributes: {error}"))
    })
}

async fn change(app: &App, key: &str, change: ProfileChange) -> Result<Json<ProfileView>, Problem> {
    match app.runtime.change_profile(key, change).await? {
        ProfileAnswer::Stored(profile) => Ok(Json(ProfileView::from(&profile))),
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
    profile.as_ref().map(|profile| Json(profile.into())).ok_or_else(|| no_profile(&key))
}

fn no_profile(key: &str) -> Problem {
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

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// The `next` of the page before.
    before: Option<i64>,
}

/// What happened to a person, newest first: events with what became of them in each journey, and the turns of the
/// person's instances.
#[utoipa::path(
    get, path = "/v1/profiles/{key}/timeline", operation_id = "getTimeline", tag = "profiles", params(("key" = String, Path), Page),
    responses((status = 200, body = Timeline), (status = 404, body = Problem))
)]
pub(super) async fn timeline(
    State(app): State<App>,
    Path(key): Path<String>,
    Query(page): Query<Page>,
) -> Result<Json<Timeline>, Problem> {
    let (store, shard) = (app.runtime.store(), app.runtime.shard_of(&key));
    if store.profile(shard, &key).await?.is_none() {
        return Err(no_profile(&key));
    }
    let events = store.events(shard, &key, page.before, PAGE).await?;
    let full = events.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
    let next = events.last().filter(|_| full).map(|event| event.sequence);
    let mut rows: Vec<(jiff::Timestamp, TimelineEntry)> =
        events.iter().map(|event| (event.received_at, event.into())).collect();
    if page.before.is_none() {
        let filter = Filter { profile: Some((shard, key.clone())), ..Filter::default() };
        let instances = store.instances(&filter, None, MOST_TURNS).await?;
        let journeys: HashMap<uuid::Uuid, String> =
            instances.into_iter().map(|instance| (instance.id, instance.journey.to_string())).collect();
        let turns = store.history_of_profile(shard, &key, MOST_TURNS).await?;
        rows.extend(turns.iter().map(|row| {
            let journey = journeys.get(&row.instance).cloned().unwrap_or_default();
            (row.at, TimelineEntry::of_turn(row, journey))
        }));
    }
    // Turns come after the event of the same moment that caused them, so they stand above it.
    rows.sort_by(|(a, x), (b, y)| b.cmp(a).then(y.turn.is_some().cmp(&x.turn.is_some())));
    Ok(Json(Timeline { entries: rows.into_iter().map(|(_, entry)| entry).collect(), next }))
}
