//! A throw-away PostgreSQL: one server per test process, a fresh database for whoever asks.
//!
//! Tests fail when there is no PostgreSQL; none of them skips itself. `WAYFARE_TEST_POSTGRES` names a server to use
//! instead, as the URL of a user who may create databases.

use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering},
};

use crate::cluster::{Cluster, psql};

static SERVER: OnceLock<String> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The URL of a fresh, empty database.
///
/// # Panics
/// When no server can be had: the message says what is missing.
pub fn postgres() -> String {
    let server = SERVER.get_or_init(|| match std::env::var("WAYFARE_TEST_POSTGRES") {
        Ok(url) => url.trim_end_matches('/').to_owned(),
        Err(_) => Cluster::start_new(&[]).url(),
    });
    let name = format!("wayfare_{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
    psql(server, &format!("CREATE DATABASE {name}"));
    format!("{server}/{name}")
}
