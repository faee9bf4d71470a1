//! Instances: finding them, and looking at one.

use axum::{
    Json,
    extract::{Path, Query, State},
};
use engine::Status;
use graph::ErrorKind;
use serde::Deserialize;
use store::{Filter, shard_in};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    App,
    problem::Problem,
    views::{InstancePage, InstanceSummary, InstanceView},
};

/// How many instances a page has when the request does not say, and at most.
const PAGE: u32 = 50;
const MOST: u32 = 500;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    /// The journey.
    journey: Option<String>,
    /// The version.
    version: Option<String>,
    /// The step.
    step: Option<String>,
    /// `waiting`, `calling`, `queued`, `completed`, `exited`, `failed`, `cancelled`, `expired`, `stopped` or `replaced`.
    status: Option<String>,
    /// The person.
    profile: Option<String>,
    /// Of those that failed, how they did: `timeout`, `refused`, `http`, `invalid`, `capped`, `open`, `auth` or `internal`.
    kind: Option<String>,
    /// The `next` of the page before.
    before: Option<Uuid>,
    /// How many, 500 at most.
    limit: Option<u32>,
}

/// Instances that fit, newest first.
#[utoipa::path(
    get, path = "/v1/instances", operation_id = "listInstances", tag = "instances", params(Search),
    responses((status = 200, body = InstancePage), (status = 400, body = Problem))
)]
pub(super) async fn list(
    State(app): State<App>,
    Query(search): Query<Search>,
) -> Result<Json<InstancePage>, Problem> {
    let status = match &search.status {
        None => None,
        Some(word) => {
            Some(Status::ALL.into_iter().find(|status| status.word() == word).ok_or_else(|| {
                let words = Status::ALL.map(Status::word).join(", ");
                Problem::bad_request(format!("`{word}` is no status; there are {words}"))
            })?)
        }
    };
    let failed_by = search.kind.as_deref().map(kind_of).transpose()?;
    let profile = search.profile.map(|key| (app.runtime.shard_of(&key), key));
    let filter = Filter {
        journey: search.journey,
        version: search.version,
        step: search.step,
        status,
        profile,
        failed_by,
    };
    let limit = search.limit.unwrap_or(PAGE).clamp(1, MOST);
    let found = app.runtime.store().instances(&filter, search.before, limit).await?;
    let full = found.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    Ok(Json(InstancePage {
        next: found.last().filter(|_| full).map(|instance| instance.id.to_string()),
        instances: found.iter().map(InstanceSummary::from).collect(),
    }))
}

/// The kind of an error by its word.
pub(super) fn kind_of(word: &str) -> Result<ErrorKind, Problem> {
    ErrorKind::ALL.into_iter().find(|kind| kind.word() == word).ok_or_else(|| {
        let words = ErrorKind::ALL.map(ErrorKind::word).join(", ");
        Problem::bad_request(format!("`{word}` is no kind of failure; there are {words}"))
    })
}

/// One instance: its state, its variables, its path with every call, and what it waits for.
#[utoipa::path(
    get, path = "/v1/instances/{id}", operation_id = "getInstance", tag = "instances", params(("id" = Uuid, Path)),
    responses((status = 200, body = InstanceView), (status = 404, body = Problem))
)]
pub(super) async fn get(
    State(app): State<App>,
    Path(id): Path<String>,
) -> Result<Json<InstanceView>, Problem> {
    view(&app, parse(&id)?).await.map(Json)
}

pub(super) fn parse(id: &str) -> Result<Uuid, Problem> {
    id.parse().map_err(|_| no_instance(id))
}

pub(super) fn no_instance(id: impl std::fmt::Display) -> Problem {
    Problem::not_found(format!("there is no instance `{id}`"))
}

pub(super) async fn view(app: &App, id: Uuid) -> Result<InstanceView, Problem> {
    let (store, shard) = (app.runtime.store(), shard_in(id));
    let Some(instance) = store.instance(shard, id).await? else { return Err(no_instance(id)) };
    let history = store.history(shard, id).await?;
    let journey = app.runtime.catalog().version(&instance.journey, &instance.version);
    Ok(InstanceView::new(&instance, journey.as_deref(), &history))
}
