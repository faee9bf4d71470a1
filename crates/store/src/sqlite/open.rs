//! How an SQLite file is opened, and the checks that it keeps what it acknowledges.

use std::path::{Path, PathBuf};

use sqlx::{
    ConnectOptions as _, Connection as _, SqliteConnection, SqlitePool,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::PATIENCE;
use crate::{Error, row};

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/sqlite");

/// Earlier versions can lose committed writes when two connections write and checkpoint at the same moment.
const OLDEST: [u32; 3] = [3, 51, 3];

/// How a connection that writes is opened.
pub(super) fn options(url: &str) -> Result<SqliteConnectOptions, Error> {
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() || path.contains(":memory:") {
        return Err(Error::Unsuitable(
            "a database in memory forgets everything when the process ends; name a file: sqlite:wayfare.db"
                .into(),
        ));
    }
    if path.contains('?') {
        return Err(Error::Unsuitable(
            "an SQLite URL takes no parameters: Wayfare sets up the file itself; write sqlite:PATH".into(),
        ));
    }
    Ok(SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(PATIENCE)
        // There are none to check: rows of several tables are written together or not at all.
        .foreign_keys(false)
        // 16 MiB of pages, what a large turn changes: whatever else is kept is void as soon as the other writer has written,
        // and the system keeps it anyhow. No memory-mapped reading: there a failing disk is a signal that ends the process.
        .pragma("cache_size", "-16384")
        // A checkpoint every 16 MiB: each costs two more waits for the disk.
        .pragma("wal_autocheckpoint", "4000")
        .pragma("journal_size_limit", "67108864")
        .pragma("temp_store", "MEMORY")
        // Who is erased is overwritten.
        .pragma("secure_delete", "ON")
        .row_buffer_size(512))
}

/// What has the name of a file with another ending behind it.
pub(super) fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.to_owned().into_os_string();
    name.push(ending);
    name.into()
}

/// Opens a connection that writes.
pub(super) async fn connect(options: &SqliteConnectOptions) -> Result<SqliteConnection, Error> {
    Ok(options.connect().await?)
}

/// Makes the file if there is none, checks what SQLite makes of it, and brings its schema up to date.
pub(super) async fn prepare(options: &SqliteConnectOptions) -> Result<u16, Error> {
    let folder = options.get_filename().parent().filter(|folder| *folder != Path::new(""));
    if let Some(folder) = folder {
        std::fs::create_dir_all(folder).map_err(|error| {
            Error::Unsuitable(format!("the folder {} cannot be created: {error}", folder.display()))
        })?;
    }
    let mut connection = connect(options).await?;
    let version: String = sqlx::query_scalar("SELECT sqlite_version()").fetch_one(&mut connection).await?;
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut connection).await?;
    let synchronous: i64 = sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut connection).await?;
    check(&version, &mode, synchronous)?;
    MIGRATIONS.run(&mut connection).await?;
    let shards: String =
        sqlx::query_scalar("SELECT value FROM meta WHERE key = 'shards'").fetch_one(&mut connection).await?;
    connection.close().await?;
    row::shard_count(&shards)
}

/// The connections that only read.
pub(super) async fn readers(options: &SqliteConnectOptions) -> Result<SqlitePool, Error> {
    let options = options.clone().pragma("query_only", "ON").pragma("cache_size", "-16384");
    // A file does not hang up, so a connection need not be tried before it is used.
    let pool = SqlitePoolOptions::new()
        .max_connections(4)
        .test_before_acquire(false)
        .acquire_timeout(PATIENCE)
        .idle_timeout(None)
        .max_lifetime(None);
    Ok(pool.connect_with(options).await?)
}

/// Whether a version of SQLite keeps what it commits.
pub(super) fn keeps_commits(version: &str) -> bool {
    let numbers: Vec<u32> = version.split('.').map_while(|part| part.parse().ok()).collect();
    numbers.as_slice() >= OLDEST.as_slice()
}

/// Whether what SQLite says of itself and of the file is good enough to acknowledge events.
fn check(version: &str, mode: &str, synchronous: i64) -> Result<(), Error> {
    if !keeps_commits(version) {
        return Err(Error::Unsuitable(format!(
            "SQLite {version} can lose committed writes; Wayfare needs 3.51.3 or newer: build it with the bundled \
             SQLite (libsqlite3-sys 0.37), which is the default"
        )));
    }
    if mode != "wal" {
        return Err(Error::Unsuitable(format!(
            "the database file cannot be kept in WAL mode (SQLite says `{mode}`): put it on a local disk, not on a \
             network file system"
        )));
    }
    if synchronous != 2 {
        return Err(Error::Unsuitable(format!(
            "SQLite does not wait for the disk at a commit (synchronous is {synchronous}, not 2): an acknowledged \
             event could be lost; use the SQLite that Wayfare is built with"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_sqlite_that_loses_commits_is_refused() {
        for version in ["3.7.0", "3.50.2", "3.51.2", "", "four"] {
            let error = check(version, "wal", 2).unwrap_err().to_string();
            assert!(error.contains("3.51.3 or newer"), "{error}");
        }
        for version in ["3.51.3", "3.51.10", "3.52.0", "4.0.0"] {
            check(version, "wal", 2).unwrap();
        }
    }

    #[test]
    fn a_file_that_does_not_wait_for_the_disk_is_refused() {
        assert!(check("3.51.3", "delete", 2).unwrap_err().to_string().contains("local disk"));
        assert!(check("3.51.3", "wal", 1).unwrap_err().to_string().contains("synchronous is 1"));
    }
}
