//! The floor's writer on SQLite: the settings of a file and the shape of the statements are the server's.

use std::time::Duration;

use anyhow::Result;
use serde::Serialize;
use sqlx::{
    ConnectOptions as _, Connection as _, SqliteConnection, query, query_scalar,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
};

use super::{
    Cohorts, Pace,
    rows::{self, Batch},
};

const CURSORS: &str =
    "UPDATE shards SET cursor = w.value ->> 1 FROM jsonb_each(?1) AS w WHERE shards.shard = w.value ->> 0";

const EVENTS: &str = "INSERT INTO events \
     (shard, sequence, id, name, profile, at, received_at, properties, outcome) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, \
     value ->> 8 FROM jsonb_each(?1)";

const PROFILES: &str = "INSERT INTO profiles (shard, key, attributes, entries, created_at, updated_at) \
     SELECT value ->> 0, value ->> 1, value ->> 2, '{}', value ->> 3, value ->> 3 FROM jsonb_each(?1)";

const INSTANCES: &str = "INSERT INTO instances (id, shard, journey, version, profile, key, status, live, step, \
     entered_at, updated_at, due_at, turn, state) \
     SELECT unhex(value ->> 0), value ->> 1, 'measured', value ->> 2, value ->> 3, '', value ->> 4, value ->> 5, \
     value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11 FROM jsonb_each(?1) WHERE TRUE \
     ON CONFLICT (id, shard) DO UPDATE SET status = excluded.status, live = excluded.live, step = excluded.step, \
     updated_at = excluded.updated_at, due_at = excluded.due_at, turn = excluded.turn, state = excluded.state";

const HISTORY: &str = "INSERT INTO history (shard, instance, turn, at, happenings) \
     SELECT value ->> 0, unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4 FROM jsonb_each(?1)";

const COUNTERS: &str = "INSERT INTO counters \
     (shard, journey, version, step, waiting, passed, failed, ended, reached) \
     SELECT 0, 'measured', value ->> 0, value ->> 1, 0, value ->> 2, 0, value ->> 3, 0 FROM jsonb_each(?1) WHERE TRUE \
     ON CONFLICT (journey, version, step, shard) DO UPDATE SET waiting = waiting + excluded.waiting, \
     passed = passed + excluded.passed, failed = failed + excluded.failed, ended = ended + excluded.ended, \
     reached = reached + excluded.reached";

/// Journeys and transactions a second.
pub(super) async fn run(url: &str, a_cohort: f64, time: Duration) -> Result<(f64, f64)> {
    let mut connection = connect(url).await?;
    sqlx::migrate!("../../migrations/sqlite").run(&mut connection).await?;
    let shards: i16 = query_scalar("SELECT count(*) FROM shards").fetch_one(&mut connection).await?;
    let (mut cohorts, mut pace) = (Cohorts::new(0..shards, a_cohort), Pace::new(time));
    loop {
        let batch = cohorts.next();
        let complete = batch.complete;
        write(&mut connection, statements(&batch)?).await?;
        if !pace.written(complete) {
            return Ok(pace.rates());
        }
    }
}

async fn connect(url: &str) -> Result<SqliteConnection> {
    let options = SqliteConnectOptions::new()
        .filename(url.trim_start_matches("sqlite:"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(false)
        .pragma("cache_size", "-65536")
        .pragma("wal_autocheckpoint", "4000")
        .pragma("journal_size_limit", "67108864")
        .pragma("temp_store", "MEMORY")
        .pragma("secure_delete", "ON");
    Ok(options.connect().await?)
}

async fn write(connection: &mut SqliteConnection, statements: [(&'static str, String); 6]) -> Result<()> {
    let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
    for (sql, rows) in statements {
        query(sql).bind(rows).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}

fn statements(batch: &Batch<'_>) -> Result<[(&'static str, String); 6]> {
    let now = batch.now;
    let entering = || batch.instances.iter().take(batch.entering);
    let events = entering().map(|one| {
        let (id, run) = (&one.profile, r#"{"run":"bench"}"#);
        (one.shard, one.sequence, id, "bench", &one.profile, now, now, run, one.outcome())
    });
    let profiles = entering().map(|one| (one.shard, &one.profile, one.attributes(), now));
    let instances = batch.instances.iter().map(|one| {
        let ((step, status, live), id) = (one.stands(), one.id.simple());
        let (due_at, state) = (one.due_at(now), one.state());
        let version = rows::VERSION;
        (
            id,
            one.shard,
            version,
            &one.profile,
            status,
            live,
            step,
            one.entered_at,
            now,
            due_at,
            one.turn,
            state,
        )
    });
    let history =
        batch.instances.iter().map(|one| (one.shard, one.id.simple(), one.turn, now, one.happenings()));
    let many = i64::try_from(batch.entering)?;
    let counters =
        rows::COUNTERS.iter().map(|(step, passed, ended)| (rows::VERSION, step, passed * many, ended * many));
    Ok([
        (CURSORS, text(batch.cursors.iter())?),
        (EVENTS, text(events)?),
        (PROFILES, text(profiles)?),
        (INSTANCES, text(instances)?),
        (HISTORY, text(history)?),
        (COUNTERS, text(counters)?),
    ])
}

/// Rows as the JSON list that a statement takes.
fn text<R: Serialize>(rows: impl Iterator<Item = R>) -> Result<String> {
    Ok(serde_json::to_string(&rows.collect::<Vec<R>>())?)
}
