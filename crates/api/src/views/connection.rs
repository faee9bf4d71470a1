//! Connections on the wire: how their calls go.

use std::{collections::BTreeMap, time::Duration};

use graph::Connection;
use jiff::Timestamp;
use runtime::{ActionCalls, Calls, LaneReport};
use serde::Serialize;
use utoipa::ToSchema;

/// All connections.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionList {
    /// Those that the project declares, by name.
    pub connections: Vec<ConnectionView>,
    /// How many nodes did not answer, so that their calls are missing here.
    pub silent_nodes: usize,
}

/// A connection.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionView {
    /// Its name.
    pub name: String,
    /// Its doc comment.
    pub doc: Option<String>,
    /// Since when its calls are held, if an operator has paused it.
    pub paused_since: Option<String>,
    /// How its breaker stands: `closed`, `trying` or `open`, on the node where it stands worst; none if it has none.
    #[schema(value_type = Option<String>)]
    pub breaker: Option<runtime::Stands>,
    /// How many calls wait in memory for their turn. More may wait in the database.
    pub waiting: usize,
    /// How many calls run.
    pub running: usize,
    /// Its actions that were called lately.
    pub actions: Vec<ActionCallsView>,
}

/// The calls of an action in the last minutes, over all nodes.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActionCallsView {
    /// Its name.
    pub name: String,
    /// How many attempts ended in each way: `ok`, the kind of an error (`timeout`, `refused`, `http`, `invalid`, `capped`,
    /// `open`, `auth`, `internal`), or `cached`.
    pub ends: BTreeMap<String, u64>,
    /// How many there were a second.
    pub per_second: f64,
    /// The time within which half of those that went out had ended, in milliseconds; none if none did.
    pub p50: Option<f64>,
    /// The same of 95 of a hundred.
    pub p95: Option<f64>,
    /// The same of 99 of a hundred.
    pub p99: Option<f64>,
}

impl ConnectionView {
    /// The view of a connection.
    pub(crate) fn new(connection: &Connection, paused: Option<Timestamp>, calls: &Calls) -> ConnectionView {
        let lane: Option<&LaneReport> =
            calls.all.lanes.iter().find(|lane| lane.connection == connection.name);
        let closed = connection.pressure.breaker.map(|_| runtime::Stands::Closed);
        ConnectionView {
            name: connection.name.to_string(),
            doc: connection.doc.as_ref().map(ToString::to_string),
            paused_since: paused.map(|since| since.to_string()),
            breaker: lane.map_or(closed, |lane| lane.breaker),
            waiting: lane.map_or(0, |lane| lane.in_memory.saturating_sub(lane.running)),
            running: lane.map_or(0, |lane| lane.running),
            actions: calls
                .all
                .actions
                .iter()
                .filter(|action| action.connection == connection.name)
                .map(ActionCallsView::from)
                .collect(),
        }
    }
}

impl From<&ActionCalls> for ActionCallsView {
    fn from(calls: &ActionCalls) -> ActionCallsView {
        let all: u64 = calls.ends.values().sum();
        let all = f64::from(u32::try_from(all).unwrap_or(u32::MAX));
        let millis = |time: Duration| (time.as_secs_f64() * 10_000.0).round() / 10.0;
        let percentile = |percent| calls.percentile(percent).map(millis);
        ActionCallsView {
            name: calls.action.to_string(),
            ends: calls.ends.clone(),
            per_second: if calls.seconds < 1.0 { all } else { all / calls.seconds },
            p50: percentile(50),
            p95: percentile(95),
            p99: percentile(99),
        }
    }
}
