//! What is written to PostgreSQL: a turn, a deployment, an erasure.
//!
//! Every statement serves a whole batch through arrays, so that its text is always the same and it is prepared once. All
//! values are put into those arrays before the transaction begins.

use std::{mem, ops::Range, sync::LazyLock, time::Duration};

use graph::Name;
use sqlx::{Connection as _, PgConnection, Row as _, query, query_as, query_scalar};
use uuid::Uuid;

use super::{
    addresses,
    turn::{self, Counters, Events, Histories, Instances, Limits, Profiles, Refusals, Suppressions, Sweeps},
};
use crate::{
    Departure, Error, Leases, Shard, Turn, Version,
    caps::{Granted, Share, claim_share, forget_slices},
    pauses::{PAUSE, RESUME},
    row,
    row::small,
    slots::{Claim, claim, until},
    statements,
    suppressions::{KEEP_KEY, KEY},
};

/// A transaction that changes shards goes through this: it changes as many rows as there are shards, or is fenced.
const FENCE: &str = "UPDATE shards SET cursor = coalesce(w.cursor, shards.cursor) \
     FROM UNNEST($1::smallint[], $2::bigint[], $3::bigint[]) AS w (shard, cursor, epoch) \
     WHERE shards.shard = w.shard AND shards.epoch = w.epoch";

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

const CLAIM: &str = claim!("(extract(epoch FROM statement_timestamp()) * 1000000)::bigint");
const CLAIM_SHARE: &str =
    claim_share!("(extract(epoch FROM statement_timestamp()) * 1000000)::bigint", "least");
const FORGET_SLICES: &str = forget_slices!("(extract(epoch FROM statement_timestamp()) * 1000000)::bigint");

/// Raises the epochs of these shards, so that whoever wrote to them before can no longer.
pub(super) async fn take_over(connection: &mut PgConnection, shards: &Range<Shard>) -> Result<Leases, Error> {
    let raised: Vec<(i16, i64)> = query_as(
        "UPDATE shards SET epoch = epoch + 1, owner = NULL WHERE shard >= $1 AND shard < $2 RETURNING shard, epoch",
    )
    .bind(small(shards.start))
    .bind(small(shards.end))
    .fetch_all(connection)
    .await?;
    raised.into_iter().map(|(shard, epoch)| Ok((row::shard(shard)?, epoch))).collect()
}

/// A turn, ready to be written.
pub(super) struct Batch {
    shards: Vec<i16>,
    cursors: Vec<Option<i64>>,
    epochs: Vec<i64>,
    events: Events,
    refusals: Refusals,
    profiles: Profiles,
    instances: Instances,
    history: Histories,
    counters: Counters,
    sweeps: Sweeps,
    limits: Limits,
    suppressions: Suppressions,
    lifted: Vec<(Uuid, Name)>,
}

impl Batch {
    /// Puts a turn into columns; `None` if there is nothing in it.
    pub(super) fn of(turn: &Turn, held: &Leases) -> Result<Option<Batch>, Error> {
        let touched = row::touched(turn, held)?;
        if touched.is_empty() {
            return Ok(None);
        }
        Ok(Some(Batch {
            shards: touched.iter().map(|(shard, ..)| small(*shard)).collect(),
            cursors: touched.iter().map(|(_, cursor, _)| *cursor).collect(),
            epochs: touched.iter().map(|(.., epoch)| *epoch).collect(),
            events: turn::events(turn),
            refusals: turn::refusals(turn),
            profiles: turn::profiles(turn),
            instances: turn::instances(turn)?,
            history: turn::history(turn),
            counters: turn::counters(turn),
            sweeps: turn::sweeps(turn),
            limits: turn::limits(turn),
            suppressions: turn::suppressions(&turn.suppressions),
            lifted: turn.lifted.clone(),
        }))
    }

    /// Writes it, or nothing of it. Almost every turn is one statement, which is a transaction of its own.
    pub(super) async fn commit(mut self, connection: &mut PgConnection) -> Result<(), Error> {
        let rare = Rare {
            limits: mem::take(&mut self.limits),
            refusals: mem::take(&mut self.refusals),
            sweeps: mem::take(&mut self.sweeps),
            suppressions: mem::take(&mut self.suppressions),
            lifted: mem::take(&mut self.lifted),
        };
        if rare.is_empty() {
            return self.write(connection).await;
        }
        let mut transaction = connection.begin().await?;
        let written = match self.write(&mut transaction).await {
            Ok(()) => rare.write(&mut transaction).await,
            Err(error) => Err(error),
        };
        match written {
            Ok(()) => transaction.commit().await?,
            Err(_) => transaction.rollback().await?,
        }
        written
    }

    /// Writes what almost every turn is made of.
    async fn write(self, connection: &mut PgConnection) -> Result<(), Error> {
        let statement = query(AT_ONCE.as_str()).bind(self.shards).bind(self.cursors).bind(self.epochs);
        let statement = self.profiles.bind(self.events.bind(statement));
        let statement = self.counters.bind(self.history.bind(self.instances.bind(statement)));
        let ours = statement.fetch_one(connection).await?;
        if ours.try_get(0)? { Ok(()) } else { Err(Error::Fenced) }
    }
}

/// What few turns have.
struct Rare {
    limits: Limits,
    refusals: Refusals,
    sweeps: Sweeps,
    suppressions: Suppressions,
    lifted: Vec<(Uuid, Name)>,
}

impl Rare {
    fn is_empty(&self) -> bool {
        self.refusals.id.is_empty()
            && self.sweeps.name.is_empty()
            && self.limits.name.is_empty()
            && self.suppressions.address.is_empty()
            && self.lifted.is_empty()
    }

    async fn write(self, connection: &mut PgConnection) -> Result<(), Error> {
        let wanted = self.limits.name.len();
        let raised = self.limits.bind(query(LIMITS)).execute(&mut *connection).await?;
        if usize::try_from(raised.rows_affected()) != Ok(wanted) {
            return Err(Error::Outdated);
        }
        let shards = self.refusals.shard.clone();
        self.refusals.bind(query(REFUSALS)).execute(&mut *connection).await?;
        query(OLD_REFUSALS).bind(shards).execute(&mut *connection).await?;
        self.sweeps.bind(query(SWEEPS)).execute(&mut *connection).await?;
        self.suppressions.bind(query(addresses::SUPPRESS)).execute(&mut *connection).await?;
        addresses::lift(connection, &self.lifted).await?;
        Ok(())
    }
}

/// The statements of a turn as one, behind the same fence: one way to the server and back instead of eight. Nothing is
/// written unless every shard is still ours.
static AT_ONCE: LazyLock<String> = LazyLock::new(|| {
    const FENCED: &str = "WITH w AS MATERIALIZED (SELECT * FROM UNNEST($1::smallint[], $2::bigint[], $3::bigint[]) AS w (shard, cursor, epoch)), \
         owned AS MATERIALIZED (SELECT shards.shard FROM shards JOIN w ON shards.shard = w.shard \
         WHERE shards.epoch = w.epoch FOR UPDATE OF shards), \
         ours AS MATERIALIZED (SELECT (SELECT count(*) FROM owned) = (SELECT count(*) FROM w) AS yes), \
         moved AS (UPDATE shards SET cursor = coalesce(w.cursor, shards.cursor) FROM w \
         WHERE shards.shard = w.shard AND (SELECT yes FROM ours))";
    let mut whole = FENCED.to_owned();
    let mut taken = 3;
    for (name, sql) in [
        ("new_events", EVENTS),
        ("new_profiles", PROFILES),
        ("new_instances", INSTANCES),
        ("new_history", HISTORY),
        ("new_counters", COUNTERS),
    ] {
        let (part, more) = behind_the_fence(sql, taken);
        whole.push_str(&format!(", {name} AS ({part})"));
        taken += more;
    }
    whole + " SELECT yes FROM ours"
});

/// A statement as a part of [`AT_ONCE`]: its parameters come behind others, and it does nothing unless the shards are
/// ours. Gives how many parameters it has.
fn behind_the_fence(sql: &str, taken: usize) -> (String, usize) {
    let (insert, conflict) = sql
        .split_once(" ON CONFLICT")
        .map_or((sql, String::new()), |(insert, rest)| (insert, format!(" ON CONFLICT{rest}")));
    let mut parts = insert.split('$');
    let mut made = parts.next().unwrap_or_default().to_owned();
    let mut own = 0;
    for part in parts {
        own += 1;
        let behind = part.trim_start_matches(|letter: char| letter.is_ascii_digit());
        made.push_str(&format!("${}{behind}", taken + own));
    }
    (format!("{made} WHERE (SELECT yes FROM ours){conflict}"), own)
}

pub(super) async fn claim_slots(
    connection: &mut PgConnection,
    of: &str,
    claim: &Claim,
) -> Result<Duration, Error> {
    let claimed = query_scalar(CLAIM).bind(of).bind(claim.length).bind(claim.farthest);
    Ok(until(claimed.fetch_one(connection).await?))
}

/// Counts calls of a capped connection, one claim after the other: a statement sees what was counted before it began.
pub(super) async fn claim_share(
    connection: &mut PgConnection,
    of: &str,
    share: &Share,
) -> Result<Granted, Error> {
    let mut transaction = connection.begin().await?;
    query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(of)
        .execute(&mut *transaction)
        .await?;
    query(FORGET_SLICES).bind(of).bind(share.slice).execute(&mut *transaction).await?;
    let claimed = query_as(CLAIM_SHARE).bind(of).bind(share.slice).bind(share.most).bind(share.wanted);
    let granted = Granted::from_row(claimed.fetch_optional(&mut *transaction).await?);
    transaction.commit().await?;
    Ok(granted)
}

/// Pauses a connection since a moment.
pub(super) async fn pause(connection: &mut PgConnection, of: &str, since: i64) -> Result<(), Error> {
    query(PAUSE).bind(of).bind(since).execute(connection).await?;
    Ok(())
}

/// Lets a connection go on.
pub(super) async fn resume(connection: &mut PgConnection, of: &str) -> Result<(), Error> {
    query(RESUME).bind(of).execute(connection).await?;
    Ok(())
}

/// The key of a name; the fresh one, if there was none.
pub(super) async fn key(connection: &mut PgConnection, name: &str, fresh: &[u8]) -> Result<Vec<u8>, Error> {
    query(KEEP_KEY).bind(name).bind(fresh).execute(&mut *connection).await?;
    Ok(query_scalar(KEY).bind(name).fetch_one(connection).await?)
}

/// Removes a person.
pub(super) async fn erase(
    connection: &mut PgConnection,
    epoch: i64,
    shard: Shard,
    profile: &str,
    left: &[Departure],
) -> Result<(), Error> {
    let mut transaction = connection.begin().await?;
    if !fence(&mut transaction, small(shard), epoch).await? {
        transaction.rollback().await?;
        return Err(Error::Fenced);
    }
    for sql in statements::ERASE {
        query(sql).bind(small(shard)).bind(profile).execute(&mut *transaction).await?;
    }
    addresses::depart(&mut transaction, left).await?;
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

async fn fence(connection: &mut PgConnection, shard: i16, epoch: i64) -> Result<bool, Error> {
    let statement = query(FENCE).bind(vec![shard]).bind(vec![None::<i64>]).bind(vec![epoch]);
    Ok(statement.execute(connection).await?.rows_affected() == 1)
}

/// The statements of a turn that write, by name.
#[cfg(test)]
pub(super) fn hot() -> [(&'static str, &'static str); 7] {
    [
        ("at once", AT_ONCE.as_str()),
        ("fence", FENCE),
        ("old refusals", OLD_REFUSALS),
        ("sweeps", SWEEPS),
        ("limits", LIMITS),
        ("suppressions", addresses::SUPPRESS),
        ("lifts", addresses::LIFT),
    ]
}
