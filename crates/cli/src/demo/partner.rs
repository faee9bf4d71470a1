//! A small partner that answers every call of the example journeys; sometimes slow, sometimes failing.
//!
//! It behaves as real partners do: an effect is done once per `Idempotency-Key`, however often the request comes.

use std::{
    collections::HashMap,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::Query,
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde_json::{Value, json};
use tokio::net::TcpListener;

static CALLS: AtomicU64 = AtomicU64::new(0);

/// Serves for ever.
pub(crate) async fn serve(listener: TcpListener) {
    let router = Router::new()
        .route("/rewards/vip-status", get(vip_status))
        .route("/recommendation", get(recommendation))
        .route("/messages", post(message))
        .route("/warehouse/dispatch", post(dispatch))
        .route("/slack/webhook", post(slack))
        .route("/payments/risk", post(risk));
    if let Err(error) = axum::serve(listener, router).await {
        tracing::error!(%error, "the demo's partner has stopped");
    }
}

/// Every seventh call is slow, every eleventh fails for a moment, every hundredth and first for good.
async fn mood() -> Option<Response> {
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    if call % 7 == 3 {
        tokio::time::sleep(Duration::from_millis(800)).await;
    }
    match call {
        _ if call % 101 == 50 => {
            Some((StatusCode::BAD_REQUEST, Json(json!({"error": "unknown customer"}))).into_response())
        }
        _ if call % 11 == 5 => {
            Some((StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "1")], "busy").into_response())
        }
        _ => None,
    }
}

async fn answer(body: Value) -> Response {
    match mood().await {
        Some(failure) => failure,
        None => Json(body).into_response(),
    }
}

async fn vip_status(Query(query): Query<HashMap<String, String>>) -> Response {
    let customer = query.get("customerId").cloned().unwrap_or_default();
    let vip = xxhash_rust::xxh3::xxh3_64(customer.as_bytes()).is_multiple_of(3);
    answer(json!({"vip": vip, "level": vip.then_some("platinum")})).await
}

async fn recommendation(Query(query): Query<HashMap<String, String>>) -> Response {
    const PRODUCTS: [&str; 4] = ["Walking boots", "Rain jacket", "Tent for two", "Head lamp"];
    let user = query.get("userId").cloned().unwrap_or_default();
    let pick = usize::try_from(xxhash_rust::xxh3::xxh3_64(user.as_bytes()) % 4).unwrap_or_default();
    let title = PRODUCTS.get(pick).copied().unwrap_or_default();
    let url = format!("https://shop.example.com/p/{pick}");
    answer(json!({"recommendations": [{"title": title, "url": url}]})).await
}

async fn message() -> Response {
    answer(json!({"sid": "SM-demo", "status": "queued"})).await
}

async fn dispatch() -> Response {
    answer(json!({"accepted": true})).await
}

async fn slack() -> Response {
    (StatusCode::OK, "ok").into_response()
}

async fn risk() -> Response {
    answer(json!({"risk": if CALLS.load(Ordering::Relaxed).is_multiple_of(4) { "high" } else { "low" }}))
        .await
}
