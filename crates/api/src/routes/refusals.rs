//! `GET /v1/refusals`: the events that were not taken.

use axum::{
    Json,
    extract::{Query, State},
};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{App, problem::Problem, views::RefusedPage};

/// How many a page has.
const PAGE: u32 = 50;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct Search {
    /// The person.
    profile: Option<String>,
    /// The `next` of the page before.
    before: Option<Uuid>,
}

/// Events that were not taken and why, newest first. The newest thousand or so of each shard are kept.
#[utoipa::path(
    get, path = "/v1/refusals", operation_id = "listRefusals", tag = "events", params(Search),
    responses((status = 200, body = RefusedPage), (status = 400, body = Problem))
)]
pub(super) async fn list(
    State(app): State<App>,
    Query(search): Query<Search>,
) -> Result<Json<RefusedPage>, Problem> {
    let profile = search.profile.as_deref().map(|key| (app.runtime.shard_of(key), key));
    let mut found = app.runtime.store().refusals(profile, search.before, PAGE + 1).await?;
    let page = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = found.len() > page;
    found.truncate(page);
    Ok(Json(RefusedPage {
        next: found.last().filter(|_| more).map(|refused| refused.id.to_string()),
        refused: found.iter().map(Into::into).collect(),
    }))
}
