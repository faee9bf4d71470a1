//! Connections: how their calls go, and holding them.

use axum::{
    Json,
    extract::{Path, State},
};
use graph::Name;

use crate::{
    App,
    problem::Problem,
    views::{ConnectionList, ConnectionView},
};

/// The connections that the project declares, with how their calls have gone in the last minutes on all nodes.
#[utoipa::path(
    get, path = "/v1/connections", operation_id = "listConnections", tag = "connections",
    responses((status = 200, body = ConnectionList))
)]
pub(super) async fn list(State(app): State<App>) -> Result<Json<ConnectionList>, Problem> {
    let (calls, paused) = (app.runtime.calls().await?, app.runtime.store().pauses().await?);
    let connections = app.runtime.catalog().project().connections.values();
    Ok(Json(ConnectionList {
        connections: connections
            .map(|connection| ConnectionView::new(connection, paused.get(&connection.name).copied(), &calls))
            .collect(),
        silent_nodes: calls.silent,
    }))
}

/// Hold the calls of a connection until it goes on: on the node that is asked at once, on all others within about a second.
/// Calls under way end; who does not call it is not held.
#[utoipa::path(
    post, path = "/v1/connections/{name}/pause", operation_id = "pauseConnection", tag = "connections",
    params(("name" = String, Path)),
    responses((status = 200, body = ConnectionView), (status = 404, body = Problem))
)]
pub(super) async fn pause(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<ConnectionView>, Problem> {
    let name = declared(&app, &name)?;
    app.runtime.pause(&name).await?;
    view(&app, &name).await
}

/// Let a connection go on. The calls that were held go out as its limits allow; the time for which they were held does not
/// count.
#[utoipa::path(
    post, path = "/v1/connections/{name}/resume", operation_id = "resumeConnection", tag = "connections",
    params(("name" = String, Path)),
    responses((status = 200, body = ConnectionView), (status = 404, body = Problem))
)]
pub(super) async fn resume(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<ConnectionView>, Problem> {
    let name = declared(&app, &name)?;
    app.runtime.resume(&name).await?;
    view(&app, &name).await
}

fn declared(app: &App, name: &str) -> Result<Name, Problem> {
    let declared = app.runtime.catalog().project().connections.get(name).map(|known| known.name.clone());
    declared.ok_or_else(|| Problem::not_found(format!("there is no connection `{name}`")))
}

async fn view(app: &App, name: &Name) -> Result<Json<ConnectionView>, Problem> {
    let Json(list) = list(State(app.clone())).await?;
    let found = list.connections.into_iter().find(|view| view.name == **name);
    found.map(Json).ok_or_else(|| Problem::not_found(format!("there is no connection `{name}`")))
}
