//! What is written to PostgreSQL: a turn, a deployment, an erasure.
//!
//! Every statement serves a whole batch through arrays, so that its text is always the same and it is prepared once. All
//! values are put into those arrays before the transaction begins.

use std::ops::Range;

use sqlx::{Connection as _, PgConnection, query, query_scalar};
use uuid::Uuid;

use crate::{Error, Shard, Turn, Version, row, row::small, statements};

/// A transaction that changes shards goes through this: it changes as many rows as there are shards, or is fenced.
const FENCE: &str = "UPDATE shards SET cursor = coalesce(w.cursor, shards.cursor) \
     FROM UNNEST($1::smallint[], $2::bigint[]) AS w (shard, cursor) \
     WHERE shards.shard = w.shard AND shards.epoch = $3";

const EVENTS: &str = "INSERT INTO events (shard, sequence, id, name, profile, at, received_at, properties, outcome) \
     SELECT * FROM UNNEST($1::smallint[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::bigint[], \
     $7::bigint[], $8::text[], $9::text[])";

const REFUSALS: &str = "INSERT INTO refusals (shard, id, at, event_id, event, profile, field, reason, body) \
     SELECT * FROM UNNEST($1::smallint[], $2::uuid[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], \
     $8::text[], $9::text[])";

/// How many of each shard stay is [`crate::MOST_REFUSALS`].
const OLD_REFUSALS: &str = "DELETE FROM refusals AS r USING (SELECT DISTINCT shard FROM UNNEST($1::smallint[]) AS w (shard)) AS w \
     WHERE r.shard = w.shard \
     AND r.id <= (SELECT o.id FROM refusals AS o WHERE o.shard = w.shard ORDER BY o.id DESC LIMIT 1 OFFSET 1000)";

const PROFILES: &str = "INSERT INTO profiles (shard, key, attributes, entries, created_at, updated_at) \
     SELECT * FROM UNNEST($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[]) \
     ON CONFLICT (shard, key) DO UPDATE SET attributes = excluded.attributes, entries = excluded.entries, \
     updated_at = excluded.updated_at";

// What an instance is (journey, version, person, key, entry) never changes; not setting it spares its indexes.
const INSTANCES: &str = "INSERT INTO instances (id, shard, journey, version, profile, key, status, live, step, \
     entered_at, updated_at, due_at, turn, state) \
     SELECT * FROM UNNEST($1::uuid[], $2::smallint[], $3::text[], $4::text[], $5::text[], $6::text[], \
     $7::smallint[], $8::smallint[], $9::text[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], \
     $14::text[]) \
     ON CONFLICT (id, shard) DO UPDATE SET status = excluded.status, live = excluded.live, step = excluded.step, \
     updated_at = excluded.updated_at, due_at = excluded.due_at, turn = excluded.turn, state = excluded.state";

const HISTORY: &str = "INSERT INTO history (shard, instance, turn, at, happenings) \
     SELECT * FROM UNNEST($1::smallint[], $2::uuid[], $3::bigint[], $4::bigint[], $5::text[])";

const COUNTERS: &str = "INSERT INTO counters AS c \
     (shard, journey, version, step, waiting, passed, failed, ended, reached) \
     SELECT * FROM UNNEST($1::smallint[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], \
     $7::bigint[], $8::bigint[], $9::bigint[]) \
     ON CONFLICT (journey, version, step, shard) DO UPDATE SET waiting = c.waiting + excluded.waiting, \
     passed = c.passed + excluded.passed, failed = c.failed + excluded.failed, ended = c.ended + excluded.ended, \
     reached = c.reached + excluded.reached";

const SWEEPS: &str = "INSERT INTO sweeps (shard, name, run, after, done) \
     SELECT * FROM UNNEST($1::smallint[], $2::text[], $3::text[], $4::text[], $5::smallint[]) \
     ON CONFLICT (shard, name) DO UPDATE SET run = excluded.run, after = excluded.after, done = excluded.done";

/// Adds only as long as that stays within the limit: it changes as many rows as it is given, or the turn is outdated.
/// The rows come in one order, so that writers who wait for each other never wait in a circle.
const LIMITS: &str = "INSERT INTO limits AS l (journey, name, taken, most) \
     SELECT * FROM UNNEST($1::text[], $2::text[], $3::bigint[], $4::bigint[]) ORDER BY 1, 2 \
     ON CONFLICT (journey, name) DO UPDATE SET taken = l.taken + excluded.taken, most = excluded.most \
     WHERE l.taken + excluded.taken <= excluded.most";

/// Raises the epoch of these shards, so that whoever wrote to them before can no longer.
pub(super) async fn take_over(connection: &mut PgConnection, shards: &Range<Shard>) -> Result<i64, Error> {
    let mut transaction = connection.begin().await?;
    let epochs: Vec<i64> = query_scalar(
        "UPDATE shards SET epoch = 1 + (SELECT max(epoch) FROM shards WHERE shard >= $1 AND shard < $2) \
         WHERE shard >= $1 AND shard < $2 RETURNING epoch",
    )
    .bind(small(shards.start))
    .bind(small(shards.end))
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
    shards: Vec<i16>,
    cursors: Vec<Option<i64>>,
    events: Events,
    refusals: Refusals,
    profiles: Profiles,
    instances: Instances,
    history: Histories,
    counters: Counters,
    sweeps: Sweeps,
    limits: Limits,
}

/// The columns of a table's new rows.
macro_rules! columns {
    ($name:ident { $($column:ident: $type:ty),* $(,)? }) => {
        #[derive(Default)]
        struct $name { $($column: Vec<$type>),* }

        impl $name {
            fn is_empty(&self) -> bool {
                [$(self.$column.len()),*].iter().all(|length| *length == 0)
            }

            /// Writes the rows, if there are any, by a statement that takes the columns in their order; gives how many
            /// rows it changed.
            async fn write(self, sql: &'static str, connection: &mut PgConnection) -> Result<u64, Error> {
                if self.is_empty() {
                    return Ok(0);
                }
                Ok(query(sql)$(.bind(self.$column))*.execute(connection).await?.rows_affected())
            }
        }
    };
}
columns!(Events {
    shard: i16,
    sequence: i64,
    id: String,
    name: String,
    profile: String,
    at: i64,
    received_at: i64,
    properties: String,
    outcome: String,
});
columns!(Refusals {
    shard: i16,
    id: Uuid,
    at: i64,
    event_id: Option<String>,
    event: Option<String>,
    profile: Option<String>,
    field: String,
    reason: String,
    body: String,
});
columns!(Profiles {
    shard: i16,
    key: String,
    attributes: String,
    entries: String,
    created_at: i64,
    updated_at: i64,
});
columns!(Instances {
    id: Uuid, shard: i16, journey: String, version: String, profile: String, key: String, status: i16, live: i16,
    step: String, entered_at: i64, updated_at: i64, due_at: Option<i64>, turn: i64, state: String,
});
columns!(Histories { shard: i16, instance: Uuid, turn: i64, at: i64, happenings: String });
columns!(Counters {
    shard: i16,
    journey: String,
    version: String,
    step: String,
    waiting: i64,
    passed: i64,
    failed: i64,
    ended: i64,
    reached: i64,
});

columns!(Limits { journey: String, name: String, taken: i64, most: i64 });
columns!(Sweeps { shard: i16, name: String, run: String, after: String, done: i16 });

impl Batch {
    /// Puts a turn into columns; `None` if there is nothing in it.
    pub(super) fn of(turn: &Turn, own: &Range<Shard>, epoch: i64) -> Result<Option<Batch>, Error> {
        let touched = row::touched(turn, own)?;
        if touched.is_empty() {
            return Ok(None);
        }
        let (shards, cursors) = touched.into_iter().map(|(shard, cursor)| (small(shard), cursor)).unzip();
        Ok(Some(Batch {
            epoch,
            shards,
            cursors,
            events: events(turn),
            refusals: refusals(turn),
            profiles: profiles(turn),
            instances: instances(turn)?,
            history: history(turn),
            counters: counters(turn),
            sweeps: sweeps(turn),
            limits: limits(turn),
        }))
    }

    /// Writes it, or nothing of it.
    pub(super) async fn commit(self, connection: &mut PgConnection) -> Result<(), Error> {
        let mut transaction = connection.begin().await?;
        if !fence(&mut transaction, self.shards, self.cursors, self.epoch).await? {
            transaction.rollback().await?;
            return Err(Error::Fenced);
        }
        let limits = self.limits.name.len();
        if usize::try_from(self.limits.write(LIMITS, &mut transaction).await?) != Ok(limits) {
            transaction.rollback().await?;
            return Err(Error::Outdated);
        }
        self.events.write(EVENTS, &mut transaction).await?;
        if !self.refusals.is_empty() {
            let shards = self.refusals.shard.clone();
            self.refusals.write(REFUSALS, &mut transaction).await?;
            query(OLD_REFUSALS).bind(shards).execute(&mut *transaction).await?;
        }
        self.profiles.write(PROFILES, &mut transaction).await?;
        self.instances.write(INSTANCES, &mut transaction).await?;
        self.history.write(HISTORY, &mut transaction).await?;
        self.counters.write(COUNTERS, &mut transaction).await?;
        self.sweeps.write(SWEEPS, &mut transaction).await?;
        Ok(transaction.commit().await?)
    }
}

/// Removes a person.
pub(super) async fn erase(
    connection: &mut PgConnection,
    epoch: i64,
    shard: Shard,
    profile: &str,
) -> Result<(), Error> {
    let mut transaction = connection.begin().await?;
    if !fence(&mut transaction, vec![small(shard)], vec![None], epoch).await? {
        transaction.rollback().await?;
        return Err(Error::Fenced);
    }
    for sql in statements::ERASE {
        query(sql).bind(small(shard)).bind(profile).execute(&mut *transaction).await?;
    }
    Ok(transaction.commit().await?)
}

/// Versions, ready to be deployed.
pub(super) struct Deployment {
    journeys: Vec<String>,
    versions: Vec<String>,
    sources: Vec<String>,
    deployed_at: Vec<i64>,
}

impl Deployment {
    pub(super) fn of(versions: &[Version]) -> Deployment {
        Deployment {
            journeys: versions.iter().map(|version| version.journey.to_string()).collect(),
            versions: versions.iter().map(|version| version.version.to_string()).collect(),
            sources: versions.iter().map(|version| version.source.to_string()).collect(),
            deployed_at: versions.iter().map(|version| version.deployed_at.as_microsecond()).collect(),
        }
    }

    pub(super) async fn write(self, connection: &mut PgConnection) -> Result<(), Error> {
        let mut transaction = connection.begin().await?;
        query("UPDATE versions SET current = 0 WHERE current = 1 AND journey = ANY($1)")
            .bind(&self.journeys)
            .execute(&mut *transaction)
            .await?;
        query(
            "INSERT INTO versions (journey, version, source, deployed_at, current) \
             SELECT *, 1 FROM UNNEST($1::text[], $2::text[], $3::text[], $4::bigint[]) \
             ON CONFLICT (journey, version) DO UPDATE SET current = 1",
        )
        .bind(self.journeys)
        .bind(self.versions)
        .bind(self.sources)
        .bind(self.deployed_at)
        .execute(&mut *transaction)
        .await?;
        Ok(transaction.commit().await?)
    }
}

async fn fence(
    connection: &mut PgConnection,
    shards: Vec<i16>,
    cursors: Vec<Option<i64>>,
    epoch: i64,
) -> Result<bool, Error> {
    let wanted = shards.len();
    let moved = query(FENCE).bind(shards).bind(cursors).bind(epoch).execute(connection).await?;
    Ok(usize::try_from(moved.rows_affected()) == Ok(wanted))
}

fn events(turn: &Turn) -> Events {
    let mut columns = Events::default();
    for event in &turn.events {
        columns.shard.push(small(event.shard));
        columns.sequence.push(event.sequence);
        columns.id.push(event.id.to_string());
        columns.name.push(event.name.to_string());
        columns.profile.push(event.profile.to_string());
        columns.at.push(event.at.as_microsecond());
        columns.received_at.push(event.received_at.as_microsecond());
        columns.properties.push(event.properties.clone());
        columns.outcome.push(event.outcome.clone());
    }
    columns
}

fn refusals(turn: &Turn) -> Refusals {
    let mut columns = Refusals::default();
    for refused in &turn.refusals {
        columns.shard.push(small(refused.shard));
        columns.id.push(refused.id);
        columns.at.push(refused.at.as_microsecond());
        columns.event_id.push(refused.event_id.clone());
        columns.event.push(refused.event.clone());
        columns.profile.push(refused.profile.clone());
        columns.field.push(refused.field.clone());
        columns.reason.push(refused.reason.clone());
        columns.body.push(refused.body.clone());
    }
    columns
}

fn profiles(turn: &Turn) -> Profiles {
    let mut columns = Profiles::default();
    for profile in &turn.profiles {
        columns.shard.push(small(profile.shard));
        columns.key.push(profile.key.to_string());
        columns.attributes.push(profile.attributes.clone());
        columns.entries.push(profile.entries.clone());
        columns.created_at.push(profile.created_at.as_microsecond());
        columns.updated_at.push(profile.updated_at.as_microsecond());
    }
    columns
}

fn instances(turn: &Turn) -> Result<Instances, Error> {
    let mut columns = Instances::default();
    for (shard, instance) in &turn.instances {
        columns.id.push(instance.id);
        columns.shard.push(small(*shard));
        columns.journey.push(instance.journey.to_string());
        columns.version.push(instance.version.to_string());
        columns.profile.push(instance.profile.to_string());
        columns.key.push(instance.key.to_string());
        columns.status.push(instance.status.code());
        columns.live.push(i16::from(instance.listens()));
        columns.step.push(instance.step.to_string());
        columns.entered_at.push(instance.entered_at.as_microsecond());
        columns.updated_at.push(instance.updated_at.as_microsecond());
        columns.due_at.push(instance.due_at.map(|at| at.as_microsecond()));
        columns.turn.push(i64::from(instance.turn));
        columns.state.push(row::state_text(instance)?);
    }
    Ok(columns)
}

fn history(turn: &Turn) -> Histories {
    let mut columns = Histories::default();
    for history in &turn.history {
        columns.shard.push(small(history.shard));
        columns.instance.push(history.instance);
        columns.turn.push(i64::from(history.turn));
        columns.at.push(history.at.as_microsecond());
        columns.happenings.push(history.happenings.clone());
    }
    columns
}

fn counters(turn: &Turn) -> Counters {
    let mut columns = Counters::default();
    for counter in &turn.counters {
        columns.shard.push(small(counter.shard));
        columns.journey.push(counter.journey.to_string());
        columns.version.push(counter.version.to_string());
        columns.step.push(counter.step.to_string());
        columns.waiting.push(counter.waiting);
        columns.passed.push(counter.passed);
        columns.failed.push(counter.failed);
        columns.ended.push(counter.ended);
        columns.reached.push(counter.reached);
    }
    columns
}

fn sweeps(turn: &Turn) -> Sweeps {
    let mut columns = Sweeps::default();
    for sweep in &turn.sweeps {
        columns.shard.push(small(sweep.shard));
        columns.name.push(sweep.name.to_string());
        columns.run.push(sweep.run.to_string());
        columns.after.push(sweep.after.to_string());
        columns.done.push(i16::from(sweep.done));
    }
    columns
}

fn limits(turn: &Turn) -> Limits {
    let mut columns = Limits::default();
    for limit in &turn.limits {
        columns.journey.push(limit.journey.to_string());
        columns.name.push(limit.name.to_string());
        columns.taken.push(i64::from(limit.taken));
        columns.most.push(i64::from(limit.most));
    }
    columns
}
