//! Speaks HTTP for people and programs, and serves the dashboard.
//!
//! What comes in: requests. What goes out: JSON in the shapes of [`views`], errors as RFC 9457 problems, the dashboard's
//! files. Deliberately absent: SQL, engine calls, rules of journeys.
//!
//! `routes` is the table of contents: one file per resource. The OpenAPI document is generated from it and from
//! [`views`]; the dashboard's types are generated from that document.

mod assets;
mod keys;
mod problem;
mod routes;
mod server;
pub mod views;

use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusHandle;
use runtime::Runtime;

pub use keys::Keys;
pub use routes::openapi;
pub use server::serve;

/// What every request is answered from.
#[derive(Clone)]
pub struct App {
    /// The orchestrator.
    pub runtime: Runtime,
    /// Who may do what.
    pub keys: Arc<Keys>,
    /// The metrics to render.
    pub metrics: PrometheusHandle,
}
