//! How a PostgreSQL database is opened, and the checks that it keeps what it acknowledges.

use std::{str::FromStr, time::Duration};

use sqlx::{
    ConnectOptions as _, Connection as _, PgConnection, PgPool,
    migrate::Migrator,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{Error, row};

/// How long the server takes at most to say that it is there.
const ANSWER: Duration = Duration::from_secs(5);

pub(super) static MIGRATIONS: Migrator = sqlx::migrate!("../../migrations/postgres");

pub(super) fn options(url: &str) -> Result<PgConnectOptions, Error> {
    let options = PgConnectOptions::from_str(url)
        .map_err(|error| Error::Unsuitable(format!("the database URL cannot be read: {error}")))?;
    Ok(options.application_name("wayfare").options([
        // A transaction that its client forgot must not hold back vacuum for everybody.
        ("idle_in_transaction_session_timeout", "60s"),
        ("statement_timeout", "120s"),
    ]))
}

/// The options of a connection that writes. Every statement of a turn finds its rows by keys, few at a time, in whatever
/// table; a planner that guesses from the statistics of a young table reads the whole of it instead, and a plan that is
/// kept stays as it was when the table was small.
pub(super) fn for_turns(options: &PgConnectOptions) -> PgConnectOptions {
    options.clone().options([
        // Nor must one that a lost node left keep its shards' rows from those who take them over.
        ("idle_in_transaction_session_timeout", "5s"),
        // Whoever asked for it has given it up by then.
        ("statement_timeout", "20s"),
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        // What the planner has switched off looks dear to it, and what looks dear would be compiled.
        ("jit", "off"),
    ])
}

pub(super) async fn connect(options: &PgConnectOptions) -> Result<PgConnection, Error> {
    Ok(options.connect().await?)
}

/// Checks the server's settings, and brings the schema up to date.
pub(super) async fn prepare(options: &PgConnectOptions) -> Result<u16, Error> {
    let mut connection = connect(options).await?;
    let fsync: String = sqlx::query_scalar("SHOW fsync").fetch_one(&mut connection).await?;
    let commit: String = sqlx::query_scalar("SHOW synchronous_commit").fetch_one(&mut connection).await?;
    check(&fsync, &commit)?;
    MIGRATIONS.run(&mut connection).await?;
    let shards: String =
        sqlx::query_scalar("SELECT value FROM meta WHERE key = 'shards'").fetch_one(&mut connection).await?;
    connection.close().await?;
    row::shard_count(&shards)
}

/// The connections that only read.
pub(super) async fn readers(options: &PgConnectOptions) -> Result<PgPool, Error> {
    let options = options.clone().options([("default_transaction_read_only", "on")]);
    let pool = PgPoolOptions::new().max_connections(6).acquire_timeout(ANSWER);
    // The pool asks a connection that is given back whether it lives, and would wait for the answer for ever.
    let pool = pool.after_release(|connection, _| {
        Box::pin(async { Ok(matches!(tokio::time::timeout(ANSWER, connection.ping()).await, Ok(Ok(())))) })
    });
    Ok(pool.connect_with(options).await?)
}

/// Whether the server waits for the disk before it says that something is committed.
fn check(fsync: &str, synchronous_commit: &str) -> Result<(), Error> {
    if fsync != "on" {
        return Err(Error::Unsuitable(
            "PostgreSQL runs with `fsync = off` and can lose everything in a crash; set `fsync = on` in \
             postgresql.conf and reload"
                .into(),
        ));
    }
    if synchronous_commit == "off" {
        return Err(Error::Unsuitable(
            "PostgreSQL runs with `synchronous_commit = off`, so an acknowledged event could be lost; set it to `on`, \
             for the server or with ALTER DATABASE … SET synchronous_commit = on"
                .into(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_does_not_wait_for_the_disk_is_refused_with_the_remedy() {
        assert!(check("off", "on").unwrap_err().to_string().contains("set `fsync = on`"));
        assert!(check("on", "off").unwrap_err().to_string().contains("ALTER DATABASE"));
        for level in ["on", "remote_apply", "remote_write", "local"] {
            check("on", level).unwrap();
        }
    }
}
