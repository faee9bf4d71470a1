//! A fast partner: answers at once, counts messages, and remembers of timed customers when it was asked about them and
//! when their message came.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::Result;
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Query, State},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How the keys of customers begin whose times are kept; those of all others would fill the memory of this process.
pub(crate) const TIMED: &str = "timed-";

/// When a timed customer's requests came, in microseconds since 1970; the first of each.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Times {
    /// The GET. It is answered in the same moment.
    pub(crate) asked: Option<u64>,
    /// The POST.
    pub(crate) messaged: Option<u64>,
}

#[derive(Default)]
struct Seen {
    messages: AtomicU64,
    times: Mutex<HashMap<String, Times>>,
}

/// Serves on an address until the process ends.
pub(crate) fn serve(address: SocketAddr) -> Result<()> {
    let seen = Arc::new(Seen::default());
    let router = Router::new()
        .route("/rewards/vip-status", get(vip_status))
        .route("/messages", post(message))
        .route("/count", get(count))
        .route("/times", get(times))
        .with_state(seen);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(address).await?;
        axum::serve(listener, router).await?;
        Ok(())
    })
}

/// Microseconds since 1970 on the clock that all processes of a machine share.
pub(crate) fn now_micros() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

async fn vip_status(
    State(seen): State<Arc<Seen>>,
    Query(query): Query<HashMap<String, String>>,
) -> Json<Value> {
    if let Some(customer) = query.get("customerId").filter(|customer| customer.starts_with(TIMED)) {
        let at = now_micros();
        seen.note(customer, |times| times.asked.get_or_insert(at));
    }
    Json(json!({"vip": true}))
}

async fn message(State(seen): State<Arc<Seen>>, body: Bytes) -> Json<Value> {
    #[derive(Deserialize)]
    struct Message {
        to: String,
    }
    let at = now_micros();
    seen.messages.fetch_add(1, Ordering::Relaxed);
    if let Ok(message) = serde_json::from_slice::<Message>(&body)
        && message.to.starts_with(TIMED)
    {
        seen.note(&message.to, |times| times.messaged.get_or_insert(at));
    }
    Json(json!({"sid": "m"}))
}

async fn count(State(seen): State<Arc<Seen>>) -> Json<u64> {
    Json(seen.messages.load(Ordering::Relaxed))
}

/// Gives the times and forgets them.
async fn times(State(seen): State<Arc<Seen>>) -> Json<HashMap<String, Times>> {
    Json(seen.times.lock().map(|mut times| std::mem::take(&mut *times)).unwrap_or_default())
}

impl Seen {
    fn note(&self, customer: &str, note: impl FnOnce(&mut Times) -> &mut u64) {
        if let Ok(mut times) = self.times.lock() {
            note(times.entry(customer.to_owned()).or_default());
        }
    }
}
