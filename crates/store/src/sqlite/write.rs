//! What is written to SQLite: a turn, a deployment, an erasure.
//!
//! Every statement serves a whole batch through one parameter, a JSON list of rows, so that its text is always the same
//! and it is prepared once. All values are put into that list before the transaction begins.

use std::ops::Range;

use serde::Serialize;
use sqlx::{SqliteConnection, query, query_scalar};

use super::begin;
use crate::{Error, Shard, Turn, Version, row};

/// A transaction that changes shards goes through this: it changes as many rows as there are shards, or is fenced.
const FENCE: &str = "UPDATE shards SET cursor = coalesce(w.value ->> 1, shards.cursor) FROM json_each(?1) AS w \
     WHERE shards.shard = w.value ->> 0 AND shards.epoch = ?2";

const EVENTS: &str = "INSERT INTO events \
     (shard, sequence, id, name, profile, at, received_at, properties, outcome) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, \
     value ->> 8 FROM json_each(?1)";

const PROFILES: &str = "INSERT INTO profiles (shard, key, attributes, entries, created_at, updated_at) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM json_each(?1) WHERE TRUE \
     ON CONFLICT (shard, key) DO UPDATE SET attributes = excluded.attributes, entries = excluded.entries, \
     updated_at = excluded.updated_at";

// What an instance is (journey, version, person, key, entry) never changes; not setting it spares its indexes.
const INSTANCES: &str = "INSERT INTO instances (id, shard, journey, version, profile, key, status, live, step, \
     entered_at, updated_at, due_at, turn, state) \
     SELECT unhex(value ->> 0), value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, \
     value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13 \
     FROM json_each(?1) WHERE TRUE \
     ON CONFLICT (id, shard) DO UPDATE SET status = excluded.status, live = excluded.live, step = excluded.step, \
     updated_at = excluded.updated_at, due_at = excluded.due_at, turn = excluded.turn, state = excluded.state";

const HISTORY: &str = "INSERT INTO history (shard, instance, turn, at, happenings) \
     SELECT value ->> 0, unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4 FROM json_each(?1)";

const COUNTERS: &str = "INSERT INTO counters (shard, journey, version, step, waiting, passed, failed, ended) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7 \
     FROM json_each(?1) WHERE TRUE \
     ON CONFLICT (journey, version, step, shard) DO UPDATE SET waiting = waiting + excluded.waiting, \
     passed = passed + excluded.passed, failed = failed + excluded.failed, ended = ended + excluded.ended";

/// Raises the epoch of these shards, so that whoever wrote to them before can no longer.
pub(super) async fn take_over(
    connection: &mut SqliteConnection,
    shards: &Range<Shard>,
) -> Result<i64, Error> {
    let mut transaction = begin(connection).await?;
    let epochs: Vec<i64> = query_scalar(
        "UPDATE shards SET epoch = 1 + (SELECT max(epoch) FROM shards WHERE shard >= ?1 AND shard < ?2) \
         WHERE shard >= ?1 AND shard < ?2 RETURNING epoch",
    )
    .bind(shards.start)
    .bind(shards.end)
    .fetch_all(&mut *transaction)
    .await?;
    match epochs.first() {
        Some(epoch) if epochs.len() == shards.len() => {
            transaction.commit().await?;
            Ok(*epoch)
        }
        _ => {
            transaction.rollback().await?;
            Err(row::foreign(shards.end.saturating_sub(1), &(0..0)))
        }
    }
}

/// A turn, ready to be written.
pub(super) struct Batch {
    epoch: i64,
    shards: usize,
    fence: String,
    statements: Vec<(&'static str, String)>,
}

impl Batch {
    /// Puts a turn into rows; `None` if there is nothing in it.
    pub(super) fn of(turn: &Turn, own: &Range<Shard>, epoch: i64) -> Result<Option<Batch>, Error> {
        let touched = row::touched(turn, own)?;
        if touched.is_empty() {
            return Ok(None);
        }
        let mut statements = Vec::with_capacity(5);
        let mut add = |sql: &'static str, rows: String| {
            if rows != "[]" {
                statements.push((sql, rows));
            }
        };
        add(EVENTS, events(turn)?);
        add(PROFILES, profiles(turn)?);
        add(INSTANCES, instances(turn)?);
        add(HISTORY, history(turn)?);
        add(COUNTERS, counters(turn)?);
        let (shards, fence) = (touched.len(), rows(touched.iter())?);
        Ok(Some(Batch { epoch, shards, fence, statements }))
    }

    /// Writes it, or nothing of it.
    pub(super) async fn commit(self, connection: &mut SqliteConnection) -> Result<(), Error> {
        let mut transaction = begin(connection).await?;
        if !fence(&mut transaction, &self.fence, self.shards, self.epoch).await? {
            transaction.rollback().await?;
            return Err(Error::Fenced);
        }
        for (sql, rows) in self.statements {
            query(sql).bind(rows).execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }
}

/// Takes a person's instances out of the counters, wherever they stand or have ended (the codes are those of
/// `engine::Status`). How often a step was passed stays: it tells of the step, not of the person.
const UNCOUNT: &str = "UPDATE counters AS c SET \
     waiting = c.waiting - s.waiting, failed = c.failed - s.failed, ended = c.ended - s.ended \
     FROM (WITH own AS (SELECT journey, version, step, CASE WHEN status IN (0, 1) THEN 1 ELSE 0 END AS waiting, \
             CASE WHEN status = 4 THEN 1 ELSE 0 END AS failed, \
             CASE WHEN status NOT IN (0, 1, 4) THEN 1 ELSE 0 END AS ended \
             FROM instances WHERE shard = ?1 AND profile = ?2), \
           every AS (SELECT * FROM own UNION ALL SELECT journey, version, '', waiting, failed, ended FROM own) \
           SELECT journey, version, step, SUM(waiting) AS waiting, SUM(failed) AS failed, SUM(ended) AS ended \
           FROM every GROUP BY journey, version, step) AS s \
     WHERE c.shard = ?1 AND c.journey = s.journey AND c.version = s.version AND c.step = s.step";

/// Removes a person. The instances go last: they say which history is the person's.
pub(super) async fn erase(
    connection: &mut SqliteConnection,
    epoch: i64,
    shard: Shard,
    profile: &str,
) -> Result<(), Error> {
    let mut transaction = begin(connection).await?;
    if !fence(&mut transaction, &rows([(shard, None::<i64>)])?, 1, epoch).await? {
        transaction.rollback().await?;
        return Err(Error::Fenced);
    }
    let statements = [
        UNCOUNT,
        "DELETE FROM history WHERE shard = ?1 AND instance IN \
         (SELECT id FROM instances WHERE shard = ?1 AND profile = ?2)",
        "DELETE FROM instances WHERE shard = ?1 AND profile = ?2",
        "DELETE FROM events WHERE shard = ?1 AND profile = ?2",
        "DELETE FROM profiles WHERE shard = ?1 AND key = ?2",
    ];
    for sql in statements {
        query(sql).bind(shard).bind(profile).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}

/// Versions, ready to be deployed.
pub(super) struct Deployment {
    versions: String,
}

impl Deployment {
    pub(super) fn of(versions: &[Version]) -> Result<Deployment, Error> {
        let versions = versions.iter().map(|version| {
            (&*version.journey, &*version.version, &*version.source, version.deployed_at.as_microsecond())
        });
        Ok(Deployment { versions: rows(versions)? })
    }

    pub(super) async fn write(self, connection: &mut SqliteConnection) -> Result<(), Error> {
        let statements = [
            "UPDATE versions SET current = 0 WHERE current = 1 AND journey IN (SELECT value ->> 0 FROM json_each(?1))",
            "INSERT INTO versions (journey, version, source, deployed_at, current) \
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, 1 FROM json_each(?1) WHERE TRUE \
             ON CONFLICT (journey, version) DO UPDATE SET current = 1",
        ];
        let mut transaction = begin(connection).await?;
        for sql in statements {
            query(sql).bind(&self.versions).execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }
}

async fn fence(
    connection: &mut SqliteConnection,
    fence: &str,
    shards: usize,
    epoch: i64,
) -> Result<bool, Error> {
    let moved = query(FENCE).bind(fence).bind(epoch).execute(connection).await?;
    Ok(usize::try_from(moved.rows_affected()) == Ok(shards))
}

fn events(turn: &Turn) -> Result<String, Error> {
    rows(turn.events.iter().map(|event| {
        (
            event.shard,
            event.sequence,
            &*event.id,
            &*event.name,
            &*event.profile,
            event.at.as_microsecond(),
            event.received_at.as_microsecond(),
            &event.properties,
            &event.outcome,
        )
    }))
}

fn profiles(turn: &Turn) -> Result<String, Error> {
    rows(turn.profiles.iter().map(|profile| {
        (
            profile.shard,
            &*profile.key,
            &profile.attributes,
            &profile.entries,
            profile.created_at.as_microsecond(),
            profile.updated_at.as_microsecond(),
        )
    }))
}

fn instances(turn: &Turn) -> Result<String, Error> {
    let mut all = Vec::with_capacity(turn.instances.len());
    for (shard, instance) in &turn.instances {
        all.push((
            instance.id.simple(),
            shard,
            &*instance.journey,
            &*instance.version,
            &*instance.profile,
            &*instance.key,
            instance.status.code(),
            i16::from(instance.status.is_live()),
            &*instance.step,
            instance.entered_at.as_microsecond(),
            instance.updated_at.as_microsecond(),
            instance.due_at.map(|at| at.as_microsecond()),
            instance.turn,
            row::state_text(instance)?,
        ));
    }
    rows(all)
}

fn history(turn: &Turn) -> Result<String, Error> {
    rows(turn.history.iter().map(|history| {
        let at = history.at.as_microsecond();
        (history.shard, history.instance.simple(), history.turn, at, &history.happenings)
    }))
}

fn counters(turn: &Turn) -> Result<String, Error> {
    rows(turn.counters.iter().map(|counter| {
        (
            counter.shard,
            &*counter.journey,
            &*counter.version,
            &*counter.step,
            counter.waiting,
            counter.passed,
            counter.failed,
            counter.ended,
        )
    }))
}

/// Rows as the JSON list that a statement takes.
pub(super) fn rows<R: Serialize>(rows: impl IntoIterator<Item = R>) -> Result<String, Error> {
    let rows: Vec<R> = rows.into_iter().collect();
    serde_json::to_string(&rows).map_err(|error| sqlx::Error::Encode(error.into()).into())
}
