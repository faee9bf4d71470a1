//! Tells whoever records traces of requests that bring something, and joins them to the sender's trace.
//!
//! Deliberately absent: everything of a request but its method, its route and the status of the answer.

use std::time::Instant;

use axum::{
    extract::{MatchedPath, Request, State},
    middleware::Next,
    response::Response,
};
use runtime::{Answered, Trace};

use crate::App;

/// The span of a request that is recorded, for whoever handles it.
#[derive(Clone, Copy)]
pub(super) struct Span(pub(super) Trace);

pub(super) async fn record(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let sender = request.headers().get("traceparent").and_then(|value| Trace::read(value.to_str().ok()?));
    let Some((witness, trace)) =
        app.runtime.witness().and_then(|witness| Some((witness, witness.asked(sender)?)))
    else {
        return next.run(request).await;
    };
    let began = Instant::now();
    let method = request.method().to_string();
    let route = request.extensions().get::<MatchedPath>().map_or("", MatchedPath::as_str).to_owned();
    request.extensions_mut().insert(Span(trace));
    let answer = next.run(request).await;
    let status = answer.status().as_u16();
    witness.answered(Answered { trace, sender, method, route, status, took: began.elapsed() });
    answer
}
