//! Health and metrics, for load balancers and monitoring.

use axum::{extract::State, http::StatusCode, response::IntoResponse};

use crate::{App, problem::Problem};

/// The process answers.
pub(super) async fn live() -> &'static str {
    "live\n"
}

/// The process takes events: its workers run and its database answers.
pub(super) async fn ready(State(app): State<App>) -> Result<&'static str, Problem> {
    let unready = |detail: &str| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not-ready", "not ready", detail.to_owned())
    };
    if !app.runtime.is_running() {
        return Err(unready("the server is stopping"));
    }
    app.runtime.store().ping().await.map_err(|_| unready("the database does not answer"))?;
    Ok("ready\n")
}

/// Metrics in the Prometheus text format.
pub(super) async fn metrics(State(app): State<App>) -> impl IntoResponse {
    ([("content-type", "text/plain; version=0.0.4")], app.metrics.render())
}
