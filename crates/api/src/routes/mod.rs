//! The table of contents of the API.

mod audiences;
mod body;
mod connections;
mod document;
mod events;
mod health;
mod hooks;
mod instances;
mod journeys;
mod legible;
mod links;
mod node;
mod nodes;
mod operations;
mod preview;
mod profiles;
mod refusals;
mod start;
mod suppressions;
mod timeline;
mod traced;
mod unsubscribe;

use std::time::Duration;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    http::{HeaderValue, StatusCode, header},
    middleware,
    response::IntoResponse,
    routing::{get, post},
};
use tower_http::{
    catch_panic::CatchPanicLayer, compression::CompressionLayer, set_header::SetResponseHeaderLayer,
    timeout::RequestBodyTimeoutLayer,
};
use utoipa_axum::{router::OpenApiRouter, routes};

pub use document::openapi;

use crate::{App, assets, keys, problem, problem::Problem};

/// The most bytes of what a sender sends.
const MOST_OF_A_SENDER: usize = 8 * 1024 * 1024;
/// The most bytes of what a node hands on: what a sender sent, each event as it came and as it was read.
const MOST_OF_A_NODE: usize = 4 * MOST_OF_A_SENDER;
/// The most bytes of what somebody sends who unsubscribes.
const MOST_OF_A_CHOICE: usize = 16 * 1024;
/// How long a request's body may stand still.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);
/// Only our own files, nothing inline, no frames: what a profile or an answer holds can never run.
const POLICY: &str = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; \
                      worker-src 'self' blob:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/// What a write key may do.
fn writing() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(events::post))
        .routes(routes!(start::post))
        .routes(routes!(profiles::put, profiles::patch))
}

/// What needs no key, for it is signed by who calls.
fn hearing() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(hooks::post))
}

/// What only an admin key may do.
fn reading() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(profiles::get, profiles::delete))
        .routes(routes!(timeline::get))
        .routes(routes!(refusals::list))
        .routes(routes!(journeys::list))
        .routes(routes!(journeys::get))
        .routes(routes!(audiences::list))
        .routes(routes!(preview::list))
        .routes(routes!(preview::post))
        .routes(routes!(nodes::list))
        .routes(routes!(connections::list))
        .routes(routes!(connections::pause))
        .routes(routes!(connections::resume))
        .routes(routes!(suppressions::count, suppressions::add))
        .routes(routes!(suppressions::find))
        .routes(routes!(suppressions::remove))
        .routes(routes!(instances::list))
        .routes(routes!(instances::get))
        .routes(routes!(operations::retry))
        .routes(routes!(operations::skip))
        .routes(routes!(operations::answer))
        .routes(routes!(operations::cancel))
        .routes(routes!(operations::retry_all))
        .routes(routes!(operations::skip_all))
        .routes(routes!(operations::answer_all))
        .routes(routes!(operations::cancel_all))
}

pub(crate) fn router(app: App) -> Router {
    let (mut writes, _) = writing().split_for_parts();
    if app.runtime.witness().is_some() {
        writes = writes.layer(middleware::from_fn_with_state(app.clone(), traced::record));
    }
    let (reads, _) = reading().split_for_parts();
    let (open, closed, peers) = (app.clone(), app.clone(), app.clone());
    let (anybody, partners) = (app.clone(), app.clone());
    let api = Router::new()
        .merge(
            writes
                .layer(middleware::from_fn_with_state((open.clone(), MOST_OF_A_SENDER), body::whole))
                .layer(middleware::from_fn_with_state(open, keys::write)),
        )
        .merge(reads.layer(middleware::from_fn_with_state(closed.clone(), keys::admin)))
        .merge(
            Router::new()
                .route("/metrics", get(health::metrics))
                .layer(middleware::from_fn_with_state(closed, keys::admin)),
        )
        .merge(
            Router::new()
                .route("/node", post(node::hear))
                .layer(middleware::from_fn_with_state((peers.clone(), MOST_OF_A_NODE), body::whole))
                .layer(middleware::from_fn_with_state(peers, keys::node)),
        )
        .merge(
            Router::new()
                .route("/u/{token}", get(unsubscribe::get).post(unsubscribe::post))
                .route("/c/{token}", get(links::click))
                .route("/o/{token}", get(links::open))
                .layer(middleware::from_fn_with_state((anybody, MOST_OF_A_CHOICE), body::whole)),
        )
        .merge(
            Router::new()
                .route("/hooks/{webhook}", get(hooks::get).post(hooks::post))
                .layer(middleware::from_fn_with_state((partners, MOST_OF_A_SENDER), body::whole)),
        )
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .route("/openapi.json", get(|| async { axum::Json(openapi()) }))
        .route("/v1/{*rest}", axum::routing::any(no_such_endpoint))
        .with_state(app);
    api.fallback(assets::serve)
        .method_not_allowed_fallback(wrong_method)
        .layer(CatchPanicLayer::custom(problem::of_panic))
        .layer(middleware::map_response(problem::in_one_shape))
        .layer(middleware::from_fn(legible::only))
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyTimeoutLayer::new(BODY_TIMEOUT))
        .layer(CompressionLayer::new())
        .layer(security_header(header::CONTENT_SECURITY_POLICY, POLICY))
        .layer(security_header(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(security_header(header::REFERRER_POLICY, "no-referrer"))
}

fn security_header(name: header::HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::overriding(name, HeaderValue::from_static(value))
}

async fn no_such_endpoint() -> impl IntoResponse {
    Problem::no_endpoint("there is no such endpoint; /openapi.json lists them all")
}

async fn wrong_method() -> impl IntoResponse {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "method not allowed",
        "this endpoint does not take this method; /openapi.json lists what it takes",
    )
}
