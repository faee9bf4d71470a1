//! A throw-away PostgreSQL: one server per test process, a fresh database for whoever asks.
//!
//! Tests fail when there is no PostgreSQL; none of them skips itself. `WAYFARE_TEST_POSTGRES` names a server to use
//! instead, as the URL of a user who may create databases.

use std::{
    path::Path,
    process::Command,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use crate::cluster::{Cluster, fail, program, psql, run};

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

/// The URL of a fresh database that holds what another one does, as `pg_dump` finds it and `psql` brings it back.
///
/// # Panics
/// When one of them fails.
pub fn copy_of(url: &str) -> String {
    let folder = tempfile::tempdir();
    let folder = folder.unwrap_or_else(|error| fail(&format!("no folder for a dump: {error}")));
    let file = folder.path().join("dump.sql");
    dump(url, &file);
    restore(&file)
}

/// Writes what a database holds to a file, by `pg_dump`.
///
/// # Panics
/// When it fails.
pub fn dump(url: &str, file: &Path) {
    run(Command::new(program("pg_dump"))
        .args(["--no-owner", "--no-privileges", "--file"])
        .arg(file)
        .arg(url));
}

/// The URL of a fresh database that holds what a dump says.
///
/// # Panics
/// When it cannot be brought back.
pub fn restore(file: &Path) -> String {
    let url = postgres();
    run(Command::new("psql").args([&url, "--quiet", "--set", "ON_ERROR_STOP=1", "--file"]).arg(file));
    url
}
