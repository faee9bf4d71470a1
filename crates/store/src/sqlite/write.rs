//! What is written to SQLite: a turn, a deployment, an erasure.
//!
//! Every statement serves a whole batch through one parameter, a JSON list of rows, so that its text is always the same
//! and it is prepared once. All values are put into that list before the transaction begins. `jsonb_each` gives a row in
//! SQLite's own form, so that it is not made a text and read anew for each column. The statements of a turn go to SQLite's
//! thread together: each time that it is waited for, two threads are switched, which costs as much as the statement.

use std::{ops::Range, sync::LazyLock, time::Duration};

use serde::Serialize;
use sqlx::{AssertSqlSafe, SqliteConnection, query, query_as, query_scalar};

use super::{PATIENCE, addresses, begin};
use crate::{
    Departure, Error, Leases, Shard, Turn, Version,
    caps::{Granted, Share, claim_share, forget_slices},
    pauses::{PAUSE, RESUME},
    row,
    slots::{Claim, claim, until},
    statements,
    suppressions::{KEEP_KEY, KEY},
};

macro_rules! fence {
    () => {
        "UPDATE shards SET cursor = coalesce(w.value ->> 1, shards.cursor) FROM jsonb_each(?) AS w \
         WHERE shards.shard = w.value ->> 0 AND shards.epoch = w.value ->> 2 RETURNING 1"
    };
}
/// A transaction that changes shards begins with this: it gives as many rows as there are shards, or is fenced. It takes
/// the lock at once: one that began by reading could not wait for it later.
const BEGIN: &str = concat!("BEGIN IMMEDIATE; ", fence!());

const EVENTS: &str = "INSERT INTO events \
     (shard, sequence, id, name, profile, at, received_at, properties, outcome) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, \
     value ->> 8 FROM jsonb_each(?)";

const REFUSALS: &str = "INSERT INTO refusals (shard, id, at, event_id, event, profile, field, reason, body) \
     SELECT value ->> 0, unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, \
     value ->> 7, value ->> 8 FROM jsonb_each(?)";

/// Takes the same rows as [`REFUSALS`]; how many of each shard stay is [`crate::MOST_REFUSALS`].
const OLD_REFUSALS: &str = "DELETE FROM refusals WHERE (shard, id) IN (SELECT r.shard, r.id \
     FROM (SELECT DISTINCT value ->> 0 AS shard FROM jsonb_each(?)) AS w CROSS JOIN refusals AS r ON r.shard = w.shard \
     WHERE r.id <= (SELECT o.id FROM refusals AS o WHERE o.shard = w.shard ORDER BY o.id DESC LIMIT 1 OFFSET 1000))";

const PROFILES: &str = "INSERT INTO profiles (shard, key, attributes, entries, created_at, updated_at) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5 FROM jsonb_each(?) WHERE TRUE \
     ON CONFLICT (shard, key) DO UPDATE SET attributes = excluded.attributes, entries = excluded.entries, \
     updated_at = excluded.updated_at";

// What an instance is (journey, version, person, key, entry) never changes; not setting it spares its indexes.
const INSTANCES: &str = "INSERT INTO instances (id, shard, journey, version, profile, key, status, live, step, \
     entered_at, updated_at, due_at, turn, state) \
     SELECT unhex(value ->> 0), value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, \
     value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12, value ->> 13 \
     FROM jsonb_each(?) WHERE TRUE \
     ON CONFLICT (id, shard) DO UPDATE SET status = excluded.status, live = excluded.live, step = excluded.step, \
     updated_at = excluded.updated_at, due_at = excluded.due_at, turn = excluded.turn, state = excluded.state";

const HISTORY: &str = "INSERT INTO history (shard, instance, turn, at, happenings) \
     SELECT value ->> 0, unhex(value ->> 1), value ->> 2, value ->> 3, value ->> 4 FROM jsonb_each(?)";

const COUNTERS: &str = "INSERT INTO counters \
     (shard, journey, version, step, waiting, passed, failed, ended, reached) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6, value ->> 7, \
     value ->> 8 FROM jsonb_each(?) WHERE TRUE \
     ON CONFLICT (journey, version, step, shard) DO UPDATE SET waiting = waiting + excluded.waiting, \
     passed = passed + excluded.passed, failed = failed + excluded.failed, ended = ended + excluded.ended, \
     reached = reached + excluded.reached";

const SWEEPS: &str = "INSERT INTO sweeps (shard, name, run, after, done) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM jsonb_each(?) WHERE TRUE \
     ON CONFLICT (shard, name) DO UPDATE SET run = excluded.run, after = excluded.after, done = excluded.done";

/// Adds only as long as that stays within the limit: it changes as many rows as it is given, or the turn is outdated.
/// The rows come in one order, so that writers who wait for each other never wait in a circle.
const LIMITS: &str = "INSERT INTO limits AS l (journey, name, taken, most) \
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM jsonb_each(?) WHERE TRUE ORDER BY 1, 2 \
     ON CONFLICT (journey, name) DO UPDATE SET taken = l.taken + excluded.taken, most = excluded.most \
     WHERE l.taken + excluded.taken <= excluded.most";

/// Writes what almost every turn is made of, and ends the transaction.
static REST: LazyLock<String> =
    LazyLock::new(|| [EVENTS, PROFILES, INSTANCES, HISTORY, COUNTERS, "COMMIT"].join("; "));

const CLAIM: &str = claim!("CAST(unixepoch('subsec') * 1000000 AS INTEGER)");
const CLAIM_SHARE: &str = claim_share!("CAST(unixepoch('subsec') * 1000000 AS INTEGER)", "min");
const FORGET_SLICES: &str = forget_slices!("CAST(unixepoch('subsec') * 1000000 AS INTEGER)");

/// Raises the epochs of these shards, so that whoever wrote to them before can no longer.
pub(super) async fn take_over(
    connection: &mut SqliteConnection,
    shards: &Range<Shard>,
) -> Result<Leases, Error> {
    let raised: Vec<(Shard, i64)> = query_as(
        "UPDATE shards SET epoch = epoch + 1 WHERE shard >= ?1 AND shard < ?2 RETURNING shard, epoch",
    )
    .bind(shards.start)
    .bind(shards.end)
    .fetch_all(connection)
    .await?;
    Ok(raised.into_iter().collect())
}

/// A turn, ready to be written.
pub(super) struct Batch {
    shards: usize,
    fence: String,
    limits: (usize, String),
    /// What few turns have.
    rare: Vec<(&'static str, String)>,
    /// What [`REST`] takes.
    rest: [String; 5],
}

impl Batch {
    /// Puts a turn into rows; `None` if there is nothing in it.
    pub(super) fn of(turn: &Turn, held: &Leases) -> Result<Option<Batch>, Error> {
        let touched = row::touched(turn, held)?;
        if touched.is_empty() {
            return Ok(None);
        }
        let mut rare = Vec::new();
        if !turn.refusals.is_empty() {
            let refusals = refusals(turn)?;
            rare.push((REFUSALS, refusals.clone()));
            rare.push((OLD_REFUSALS, refusals));
        }
        if !turn.sweeps.is_empty() {
            rare.push((SWEEPS, sweeps(turn)?));
        }
        if !turn.suppressions.is_empty() {
            rare.push((addresses::SUPPRESS, addresses::suppressed(&turn.suppressions)?));
        }
        if !turn.lifted.is_empty() {
            rare.push((addresses::LIFT, addresses::lifted(&turn.lifted)?));
        }
        let rest = [events(turn)?, profiles(turn)?, instances(turn)?, history(turn)?, counters(turn)?];
        let (shards, fence) = (touched.len(), rows(touched.iter())?);
        let limits = (turn.limits.len(), limits(turn)?);
        Ok(Some(Batch { shards, fence, limits, rare, rest }))
    }

    /// Writes it, or nothing of it. Where it fails half way the connection is given up, and with it the transaction.
    pub(super) async fn commit(self, connection: &mut SqliteConnection) -> Result<(), Error> {
        begin_fenced(connection, self.fence, self.shards).await?;
        let (wanted, limits) = self.limits;
        if wanted > 0 {
            let changed = query(LIMITS).bind(limits).execute(&mut *connection).await?;
            if usize::try_from(changed.rows_affected()) != Ok(wanted) {
                query("ROLLBACK").execute(connection).await?;
                return Err(Error::Outdated);
            }
        }
        for (sql, rows) in self.rare {
            query(sql).bind(rows).execute(&mut *connection).await?;
        }
        let rest = self.rest.into_iter().fold(query(REST.as_str()), |rest, rows| rest.bind(rows));
        rest.execute(connection).await?;
        Ok(())
    }
}

/// Begins a transaction that writes to shards, unless one of them is no longer ours.
async fn begin_fenced(connection: &mut SqliteConnection, fence: String, shards: usize) -> Result<(), Error> {
    let ours = query(BEGIN).bind(fence).fetch_all(&mut *connection).await?;
    if ours.len() == shards {
        return Ok(());
    }
    query("ROLLBACK").execute(connection).await?;
    Err(Error::Fenced)
}

pub(super) async fn claim_slots(
    connection: &mut SqliteConnection,
    of: &str,
    claim: &Claim,
) -> Result<Duration, Error> {
    let claimed = query_scalar(CLAIM).bind(of).bind(claim.length).bind(claim.farthest);
    Ok(until(claimed.fetch_one(connection).await?))
}

pub(super) async fn claim_share(
    connection: &mut SqliteConnection,
    of: &str,
    share: &Share,
) -> Result<Granted, Error> {
    query(FORGET_SLICES).bind(of).bind(share.slice).execute(&mut *connection).await?;
    let claimed = query_as(CLAIM_SHARE).bind(of).bind(share.slice).bind(share.most).bind(share.wanted);
    Ok(Granted::from_row(claimed.fetch_optional(connection).await?))
}

/// Pauses a connection since a moment.
pub(super) async fn pause(connection: &mut SqliteConnection, of: &str, since: i64) -> Result<(), Error> {
    query(PAUSE).bind(of).bind(since).execute(connection).await?;
    Ok(())
}

/// Lets a connection go on.
pub(super) async fn resume(connection: &mut SqliteConnection, of: &str) -> Result<(), Error> {
    query(RESUME).bind(of).execute(connection).await?;
    Ok(())
}

/// The key of a name; the fresh one, if there was none.
pub(super) async fn key(
    connection: &mut SqliteConnection,
    name: &str,
    fresh: &[u8],
) -> Result<Vec<u8>, Error> {
    query(KEEP_KEY).bind(name).bind(fresh).execute(&mut *connection).await?;
    Ok(query_scalar(KEY).bind(name).fetch_one(connection).await?)
}

/// Removes a person.
pub(super) async fn erase(
    connection: &mut SqliteConnection,
    epoch: i64,
    shard: Shard,
    profile: &str,
    left: &[Departure],
) -> Result<(), Error> {
    begin_fenced(connection, rows([(shard, None::<i64>, epoch)])?, 1).await?;
    for sql in statements::ERASE {
        query(sql).bind(shard).bind(profile).execute(&mut *connection).await?;
    }
    addresses::depart(connection, left).await?;
    query("COMMIT").execute(&mut *connection).await?;
    forget_the_log(connection).await
}

/// Empties the log of changes, in which pages of who was erased would stand until others take their place. Whoever reads
/// from it at this moment is waited for, though not for long; then the pages go with a later checkpoint.
async fn forget_the_log(connection: &mut SqliteConnection) -> Result<(), Error> {
    query("PRAGMA busy_timeout = 200").execute(&mut *connection).await?;
    let emptied = query("PRAGMA wal_checkpoint(TRUNCATE)").fetch_all(&mut *connection).await;
    let usual = format!("PRAGMA busy_timeout = {}", PATIENCE.as_millis());
    query(AssertSqlSafe(usual)).execute(&mut *connection).await?;
    emptied?;
    Ok(())
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
            "UPDATE versions SET current = 0 WHERE current = 1 AND journey IN (SELECT value ->> 0 FROM jsonb_each(?1))",
            "INSERT INTO versions (journey, version, source, deployed_at, current) \
             SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, 1 FROM jsonb_each(?1) WHERE TRUE \
             ON CONFLICT (journey, version) DO UPDATE SET current = 1",
        ];
        let mut transaction = begin(connection).await?;
        for sql in statements {
            query(sql).bind(&self.versions).execute(&mut *transaction).await?;
        }
        Ok(transaction.commit().await?)
    }
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

fn refusals(turn: &Turn) -> Result<String, Error> {
    rows(turn.refusals.iter().map(|refused| {
        (
            refused.shard,
            refused.id.simple(),
            refused.at.as_microsecond(),
            &refused.event_id,
            &refused.event,
            &refused.profile,
            &refused.field,
            &refused.reason,
            &refused.body,
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
            i16::from(instance.listens()),
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
            counter.reached,
        )
    }))
}

fn sweeps(turn: &Turn) -> Result<String, Error> {
    rows(
        turn.sweeps
            .iter()
            .map(|sweep| (sweep.shard, &*sweep.name, &*sweep.run, &*sweep.after, i16::from(sweep.done))),
    )
}

/// Rows as the JSON list that a statement takes.
pub(super) fn rows<R: Serialize>(rows: impl IntoIterator<Item = R>) -> Result<String, Error> {
    let rows: Vec<R> = rows.into_iter().collect();
    serde_json::to_string(&rows).map_err(|error| sqlx::Error::Encode(error.into()).into())
}

fn limits(turn: &Turn) -> Result<String, Error> {
    rows(turn.limits.iter().map(|limit| (&*limit.journey, &*limit.name, limit.taken, limit.most)))
}

/// The statements of a turn that write, by name.
#[cfg(test)]
pub(super) const HOT: [(&str, &str); 11] = [
    ("fence", fence!()),
    ("events", EVENTS),
    ("old refusals", OLD_REFUSALS),
    ("profiles", PROFILES),
    ("instances", INSTANCES),
    ("history", HISTORY),
    ("counters", COUNTERS),
    ("sweeps", SWEEPS),
    ("limits", LIMITS),
    ("suppressions", addresses::SUPPRESS),
    ("lifts", addresses::LIFT),
];
