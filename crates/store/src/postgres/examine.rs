//! Examines a PostgreSQL database over one connection that cannot write.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, query_as, query_scalar};

use super::open;
use crate::{
    Error,
    examination::{
        Applied, Counted, Holder, INHABITED, LONG_CALL, LONG_SESSION, MOST_COUNTED, NodeFacts, OVERDUE,
        PostgresFacts, RECENT, Schema, Table, Work, ago, compare, inhabited,
    },
    least_id,
};

/// How long the server may take to answer at all.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) async fn examine(url: &str) -> Result<PostgresFacts, Error> {
    let options = open::options(url)?
        .application_name("wayfare doctor")
        .options([("default_transaction_read_only", "on"), ("statement_timeout", "15s")]);
    let connected = tokio::time::timeout(PATIENCE, options.connect()).await;
    let mut connection = connected.map_err(|_| {
        Error::Unsuitable(format!("the server does not answer within {} seconds", PATIENCE.as_secs()))
    })??;
    let facts = facts(&mut connection).await?;
    connection.close().await?;
    Ok(facts)
}

async fn facts(connection: &mut PgConnection) -> Result<PostgresFacts, Error> {
    let (version, user): (String, String) =
        query_as("SELECT current_setting('server_version'), current_user::text")
            .fetch_one(&mut *connection)
            .await?;
    let ahead = ahead(connection).await?;
    let connections: i64 =
        query_scalar("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
            .fetch_one(&mut *connection)
            .await?;
    let hidden: i64 = query_scalar(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type IS NULL",
    )
    .fetch_one(&mut *connection)
    .await?;
    let schema = schema(connection).await?;
    let readable = schema.readable();
    let (nodes, shards, unheld) =
        if readable { nodes(connection).await? } else { (Vec::new(), 0, Vec::new()) };
    Ok(PostgresFacts {
        version,
        user,
        settings: settings(connection).await?,
        // Those of other users are not told by kind; the doctor's own is gone in a moment.
        connections: whole(connections + hidden - 1),
        ahead,
        hidden_sessions: whole(hidden),
        holders: holders(connection).await?,
        tables: tables(connection).await?,
        nodes,
        shards,
        unheld,
        schema,
        work: if readable { Some(work(connection).await?) } else { None },
    })
}

/// The server's clock minus this machine's: compared with the middle of the question's way.
async fn ahead(connection: &mut PgConnection) -> Result<i64, Error> {
    let before = Timestamp::now().as_millisecond();
    let there: i64 = query_scalar("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
        .fetch_one(connection)
        .await?;
    let after = Timestamp::now().as_millisecond();
    Ok(there - before.midpoint(after))
}

async fn settings(connection: &mut PgConnection) -> Result<Vec<(String, String)>, Error> {
    let settings = query_as(
        "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', \
         'autovacuum', 'track_counts', 'max_connections', 'superuser_reserved_connections', 'reserved_connections') \
         ORDER BY name",
    );
    Ok(settings.fetch_all(connection).await?)
}

async fn schema(connection: &mut PgConnection) -> Result<Schema, Error> {
    let known: bool = query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    if !known {
        return Ok(compare(&open::MIGRATIONS, None));
    }
    let applied: Vec<Applied> =
        query_as("SELECT version, success, checksum FROM _sqlx_migrations ORDER BY version")
            .fetch_all(connection)
            .await?;
    Ok(compare(&open::MIGRATIONS, Some(&applied)))
}

/// Autovacuum's own snapshots hold nothing back, and sessions in other databases hold nothing back here.
async fn holders(connection: &mut PgConnection) -> Result<Vec<Holder>, Error> {
    let rows: Vec<(i32, String, String, bool, i64)> = query_as(
        "SELECT pid, coalesce(application_name, ''), coalesce(usename::text, ''), state LIKE 'idle in transaction%', \
         extract(epoch FROM clock_timestamp() - CASE WHEN state LIKE 'idle in transaction%' THEN state_change \
         ELSE xact_start END)::bigint AS seconds FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type <> 'autovacuum worker' \
         AND ((state LIKE 'idle in transaction%' AND state_change < clock_timestamp() - make_interval(secs => $1)) \
         OR (state NOT LIKE 'idle in transaction%' AND (backend_xmin IS NOT NULL OR backend_xid IS NOT NULL) \
         AND xact_start < clock_timestamp() - make_interval(secs => $1))) ORDER BY seconds DESC LIMIT 20",
    )
    .bind(LONG_SESSION.as_secs_f64())
    .fetch_all(connection)
    .await?;
    let holder = |(pid, application, user, idle, seconds)| Holder { pid, application, user, idle, seconds };
    Ok(rows.into_iter().map(holder).collect())
}

async fn tables(connection: &mut PgConnection) -> Result<Vec<Table>, Error> {
    let rows: Vec<(String, i64, i64, bool, Option<i64>)> = query_as(
        "SELECT s.relname::text, greatest(c.reltuples::bigint, s.n_live_tup, 0), s.n_dead_tup, \
         c.reltuples >= 0 AND coalesce(s.last_analyze, s.last_autoanalyze) IS NOT NULL, \
         extract(epoch FROM clock_timestamp() - greatest(s.last_vacuum, s.last_autovacuum))::bigint \
         FROM pg_stat_user_tables AS s JOIN pg_class AS c ON c.oid = s.relid \
         WHERE s.schemaname = current_schema() ORDER BY s.relname LIMIT 100",
    )
    .fetch_all(connection)
    .await?;
    let table = |(name, rows, dead, analysed, vacuumed)| Table {
        name,
        rows: whole(rows),
        dead: whole(dead),
        analysed,
        vacuumed,
    };
    Ok(rows.into_iter().map(table).collect())
}

/// The nodes, how many shards there are, and the shards that nobody alive holds.
async fn nodes(connection: &mut PgConnection) -> Result<(Vec<NodeFacts>, u64, Vec<i16>), Error> {
    let rows: Vec<(String, i64, i64)> = query_as(
        "SELECT n.address, (extract(epoch FROM clock_timestamp()) * 1000)::bigint - n.expires_at / 1000, \
         (SELECT count(*) FROM shards AS s WHERE s.owner = n.id) FROM nodes AS n ORDER BY n.address LIMIT 1000",
    )
    .fetch_all(&mut *connection)
    .await?;
    let node = |(address, silent, shards): (String, i64, i64)| NodeFacts {
        address,
        alive: silent < 0,
        silent: silent / 1_000,
        shards: whole(shards),
    };
    let shards: i64 = query_scalar("SELECT count(*) FROM shards").fetch_one(&mut *connection).await?;
    let unheld = query_scalar(
        "SELECT shard FROM shards WHERE NOT EXISTS (SELECT FROM nodes WHERE nodes.id = shards.owner \
         AND nodes.expires_at > (extract(epoch FROM clock_timestamp()) * 1000000)::bigint) ORDER BY shard",
    )
    .fetch_all(connection)
    .await?;
    Ok((rows.into_iter().map(node).collect(), whole(shards), unheld))
}

async fn work(connection: &mut PgConnection) -> Result<Work, Error> {
    let (now, most) = (Timestamp::now(), i64::try_from(MOST_COUNTED).unwrap_or(i64::MAX));
    // One probe of the index per shard, as the writers do it.
    let (overdue, since): (i64, Option<i64>) = query_as(
        "SELECT count(*), min(i.due_at) FROM shards AS s, LATERAL (SELECT due_at FROM instances \
         WHERE shard = s.shard AND due_at <= $1 ORDER BY due_at LIMIT $2) AS i",
    )
    .bind(ago(now, OVERDUE))
    .bind(most)
    .fetch_one(&mut *connection)
    .await?;
    let failed = query_scalar("SELECT count(*) FROM (SELECT FROM instances WHERE status = 4 LIMIT $1) AS i")
        .bind(most)
        .fetch_one(&mut *connection)
        .await?;
    // Those that came first are looked at: a call that hangs is among them.
    let long_calls = query_scalar(
        "SELECT count(*) FROM (SELECT updated_at FROM instances WHERE status = 1 ORDER BY id LIMIT $2) AS i \
         WHERE updated_at <= $1",
    )
    .bind(ago(now, LONG_CALL))
    .bind(most)
    .fetch_one(&mut *connection)
    .await?;
    let since_id = least_id(Timestamp::from_microsecond(ago(now, RECENT)).unwrap_or_default());
    let refused = query_scalar(
        "SELECT count(*) FROM shards AS s, LATERAL (SELECT FROM refusals WHERE shard = s.shard AND id >= $1 \
         LIMIT $2) AS r",
    )
    .bind(since_id)
    .bind(most)
    .fetch_one(&mut *connection)
    .await?;
    Ok(Work {
        overdue: Counted::of(overdue),
        overdue_since: since.and_then(|at| Timestamp::from_microsecond(at).ok()),
        failed: Counted::of(failed),
        long_calls: Counted::of(long_calls),
        refused: Counted::of(refused),
        inhabited: inhabited(query_as(INHABITED).fetch_all(&mut *connection).await?),
        events: estimate("events", connection).await?,
        history: estimate("history", connection).await?,
        instances: estimate("instances", connection).await?,
    })
}

/// The rows of a table, as far as the server's statistics know.
async fn estimate(table: &str, connection: &mut PgConnection) -> Result<u64, Error> {
    let rows: Option<i64> = query_scalar(
        "SELECT greatest(c.reltuples::bigint, pg_stat_get_live_tuples(c.oid), 0) FROM pg_class AS c \
         WHERE c.oid = to_regclass($1)",
    )
    .bind(table)
    .fetch_optional(connection)
    .await?;
    Ok(rows.map(whole).unwrap_or_default())
}

fn whole(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
