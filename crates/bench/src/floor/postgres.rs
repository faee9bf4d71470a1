//! The floor's writers on PostgreSQL: all rows of a transaction in one statement, on connections set up as the server's.

use std::{str::FromStr as _, time::Duration};

use anyhow::{Result, anyhow};
use sqlx::{ConnectOptions as _, PgConnection, postgres::PgConnectOptions, query, query_scalar};

use super::{
    Cohorts, Pace,
    rows::{self, Batch},
};

const WRITERS: i16 = 2;

const AT_ONCE: &str = "WITH moved AS (UPDATE shards SET cursor = w.cursor \
     FROM UNNEST($1::smallint[], $2::bigint[]) AS w (shard, cursor) WHERE shards.shard = w.shard), \
     new_events AS (INSERT INTO events (shard, sequence, id, name, profile, at, received_at, properties, outcome) \
     SELECT shard, sequence, profile, 'bench', profile, $7, $7, '{\"run\":\"bench\"}', outcome \
     FROM UNNEST($3::smallint[], $4::bigint[], $5::text[], $6::text[]) AS w (shard, sequence, profile, outcome)), \
     new_profiles AS (INSERT INTO profiles (shard, key, attributes, entries, created_at, updated_at) \
     SELECT shard, profile, attributes, '{}', $7, $7 \
     FROM UNNEST($3::smallint[], $5::text[], $8::text[]) AS w (shard, profile, attributes)), \
     new_instances AS (INSERT INTO instances (id, shard, journey, version, profile, key, status, live, step, \
     entered_at, updated_at, due_at, turn, state) \
     SELECT id, shard, 'measured', $9, profile, '', status, live, step, entered_at, $7, due_at, turn, state \
     FROM UNNEST($10::uuid[], $11::smallint[], $12::text[], $13::smallint[], $14::smallint[], $15::text[], \
     $16::bigint[], $17::bigint[], $18::bigint[], $19::text[]) \
     AS w (id, shard, profile, status, live, step, entered_at, due_at, turn, state) \
     ON CONFLICT (id, shard) DO UPDATE SET status = excluded.status, live = excluded.live, step = excluded.step, \
     updated_at = excluded.updated_at, due_at = excluded.due_at, turn = excluded.turn, state = excluded.state), \
     new_history AS (INSERT INTO history (shard, instance, turn, at, happenings) \
     SELECT shard, id, turn, $7, happenings \
     FROM UNNEST($11::smallint[], $10::uuid[], $18::bigint[], $20::text[]) AS w (shard, id, turn, happenings)) \
     INSERT INTO counters AS c (shard, journey, version, step, waiting, passed, failed, ended, reached) \
     SELECT $21, 'measured', $9, step, 0, passed, 0, ended, 0 \
     FROM UNNEST($22::text[], $23::bigint[], $24::bigint[]) AS w (step, passed, ended) \
     ON CONFLICT (journey, version, step, shard) DO UPDATE SET waiting = c.waiting + excluded.waiting, \
     passed = c.passed + excluded.passed, failed = c.failed + excluded.failed, ended = c.ended + excluded.ended, \
     reached = c.reached + excluded.reached";

/// Journeys and transactions a second, of all writers together.
pub(super) async fn run(url: &str, a_cohort: f64, time: Duration) -> Result<(f64, f64)> {
    let mut connection = PgConnectOptions::from_str(url)?.connect().await?;
    sqlx::migrate!("../../migrations/postgres").run(&mut connection).await?;
    let shards: i64 = query_scalar("SELECT count(*) FROM shards").fetch_one(&mut connection).await?;
    let each = i16::try_from(shards)? / WRITERS;
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..WRITERS {
        let cohorts = Cohorts::new(number * each..(number + 1) * each, a_cohort);
        writers.spawn(write_for(connect(url).await?, cohorts, Pace::new(time)));
    }
    let (mut journeys, mut transactions) = (0.0, 0.0);
    while let Some(rates) = writers.join_next().await {
        let (more_journeys, more_transactions) = rates.map_err(|error| anyhow!(error))??;
        journeys += more_journeys;
        transactions += more_transactions;
    }
    Ok((journeys, transactions))
}

async fn connect(url: &str) -> Result<PgConnection> {
    let options = PgConnectOptions::from_str(url)?.application_name("wayfare floor").options([
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("jit", "off"),
    ]);
    Ok(options.connect().await?)
}

async fn write_for(mut connection: PgConnection, mut cohorts: Cohorts, mut pace: Pace) -> Result<(f64, f64)> {
    loop {
        let batch = cohorts.next();
        let complete = batch.complete;
        write(&mut connection, &batch).await?;
        if !pace.written(complete) {
            return Ok(pace.rates());
        }
    }
}

/// One statement, which is a transaction of its own.
async fn write(connection: &mut PgConnection, batch: &Batch<'_>) -> Result<()> {
    let (shards, cursors): (Vec<i16>, Vec<i64>) = batch.cursors.iter().copied().unzip();
    let first = shards.first().copied().unwrap_or_default();
    let entering = || batch.instances.iter().take(batch.entering);
    let all = || batch.instances.iter();
    let many = i64::try_from(batch.entering)?;
    let turns = all().map(|one| i64::try_from(one.turn)).collect::<Result<Vec<i64>, _>>()?;
    query(AT_ONCE)
        .bind(shards)
        .bind(cursors)
        .bind(entering().map(|one| one.shard).collect::<Vec<_>>())
        .bind(entering().map(|one| one.sequence).collect::<Vec<_>>())
        .bind(entering().map(|one| one.profile.clone()).collect::<Vec<_>>())
        .bind(entering().map(|one| one.outcome()).collect::<Vec<_>>())
        .bind(batch.now)
        .bind(entering().map(|one| one.attributes()).collect::<Vec<_>>())
        .bind(rows::VERSION)
        .bind(all().map(|one| one.id).collect::<Vec<_>>())
        .bind(all().map(|one| one.shard).collect::<Vec<_>>())
        .bind(all().map(|one| one.profile.clone()).collect::<Vec<_>>())
        .bind(all().map(|one| one.stands().1).collect::<Vec<_>>())
        .bind(all().map(|one| one.stands().2).collect::<Vec<_>>())
        .bind(all().map(|one| one.stands().0.to_owned()).collect::<Vec<_>>())
        .bind(all().map(|one| one.entered_at).collect::<Vec<_>>())
        .bind(all().map(|one| one.due_at(batch.now)).collect::<Vec<_>>())
        .bind(turns)
        .bind(all().map(|one| one.state()).collect::<Vec<_>>())
        .bind(all().map(|one| one.happenings()).collect::<Vec<_>>())
        .bind(first)
        .bind(rows::COUNTERS.map(|(step, _, _)| step.to_owned()).to_vec())
        .bind(rows::COUNTERS.map(|(_, passed, _)| passed * many).to_vec())
        .bind(rows::COUNTERS.map(|(_, _, ended)| ended * many).to_vec())
        .execute(connection)
        .await?;
    Ok(())
}
