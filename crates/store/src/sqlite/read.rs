//! What is read from SQLite: what a turn touches, what is due, and pages for the dashboard.

use std::collections::BTreeMap;

use engine::Instance;
use graph::Name;
use sqlx::{SqliteConnection, SqlitePool, query_as, query_scalar};
use uuid::Uuid;

use super::write::rows;
use crate::{
    Against, Behind, Counter, Draw, Error, History, Leases, Loaded, LoggedEvent, Profile, RefusedEvent,
    Shard, Sweep, Version, Wanted, found,
    row::{
        self, CounterRow, EventRow, HistoryRow, InstanceRow, LimitRow, ProfileRow, RefusalRow, SweepRow,
        TurnRow, VersionRow,
    },
    suppressions,
};

// CROSS JOIN makes SQLite look every wanted key up, instead of reading the table and looking the keys up.
macro_rules! wanted {
    () => {
        concat!(
            "SELECT 0 AS kind, ",
            row::instance_columns!(),
            " FROM jsonb_each(?1) AS w CROSS JOIN instances AS i ON i.shard = w.value ->> 0 AND i.profile = w.value ->> 1 \
             AND i.live = 1 \
             UNION ALL SELECT 0, ",
            row::instance_columns!(),
            " FROM jsonb_each(?2) AS w CROSS JOIN instances AS i ON i.id = unhex(w.value ->> 1) AND i.shard = w.value ->> 0 \
             UNION ALL SELECT 3, ",
            found::profile_as_found!(),
            " FROM jsonb_each(?3) AS w CROSS JOIN profiles AS p ON p.shard = w.value ->> 0 AND p.key = w.value ->> 1 \
             UNION ALL SELECT 4, ",
            found::known_as_found!(),
            " FROM jsonb_each(?4) AS w CROSS JOIN events AS e \
             ON e.shard = w.value ->> 0 AND e.profile = w.value ->> 1 AND e.id = w.value ->> 2",
        )
    };
}
const WANTED: &str = wanted!();
// The index is named, so that no version of the planner ever sorts all that waits. The latest are read from its other
// end; where none are asked for, nobody looks.
macro_rules! drawn {
    ($kind:literal, $order:literal, $most:literal) => {
        concat!(
            "SELECT * FROM (SELECT ",
            $kind,
            " AS kind, i.* FROM instances AS i INDEXED BY instances_due \
             WHERE i.due_at <= ?5 AND i.shard IN (SELECT value FROM json_each(?6)) ORDER BY i.due_at",
            $order,
            ", i.id",
            $order,
            " LIMIT ",
            $most,
            ")",
        )
    };
}
const WITH_DUE: &str = concat!(
    "WITH d AS MATERIALIZED (",
    drawn!("1", "", "?7"),
    " UNION ALL ",
    drawn!("5", " DESC", "?8"),
    ") ",
    wanted!(),
    " UNION ALL SELECT d.kind, ",
    row::instance_columns!("d"),
    " FROM d \
     UNION ALL SELECT 3, ",
    found::profile_as_found!(),
    " FROM d AS w CROSS JOIN profiles AS p ON p.shard = w.shard AND p.key = w.profile \
     UNION ALL SELECT 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, n.due_at, NULL, NULL \
     FROM (SELECT i.due_at FROM instances AS i INDEXED BY instances_due \
     WHERE i.due_at > ?5 AND i.shard IN (SELECT value FROM json_each(?6)) ORDER BY i.due_at LIMIT 1) AS n \
     WHERE (SELECT count(*) FROM d WHERE d.kind = 1) < ?7",
);

/// A person's past is bounded: an audience counts to far less.
const PAST: &str = concat!(
    "SELECT ",
    row::event_columns!(),
    " FROM jsonb_each(?1) AS w CROSS JOIN events AS e ON e.rowid IN (SELECT o.rowid FROM events AS o \
     WHERE o.shard = w.value ->> 0 AND o.profile = w.value ->> 1 AND o.name IN (SELECT value FROM json_each(?2)) \
     ORDER BY o.sequence DESC LIMIT 10000) ORDER BY e.sequence",
);

const LIMITS: &str = "SELECT journey, name, taken, most FROM limits ORDER BY journey, name";

/// The keys of what is wanted, as the statements take them.
pub(super) struct Keys {
    profiles: String,
    events: String,
    live: String,
    instances: String,
    past: String,
    past_of: String,
    limits: bool,
    due: Option<(Draw, String)>,
}

impl Keys {
    pub(super) fn of(wanted: &Wanted, held: &Leases) -> Result<Keys, Error> {
        let shards = shards(held)?;
        let live = wanted.profiles.iter().filter(|(_, _, live)| *live);
        Ok(Keys {
            profiles: rows(wanted.profiles.iter().map(|(shard, key, _)| (shard, &**key)))?,
            events: rows(wanted.events.iter().map(|(shard, profile, id)| (shard, &**profile, &**id)))?,
            live: rows(live.map(|(shard, key, _)| (shard, &**key)))?,
            instances: rows(wanted.instances.iter().map(|(shard, id)| (shard, id.simple())))?,
            past: rows(wanted.past.iter().map(|(shard, key)| (shard, &**key)))?,
            past_of: rows(wanted.past_of.iter().map(|name| &**name))?,
            limits: wanted.limits,
            due: wanted.due.map(|draw| (draw, shards)),
        })
    }

    pub(super) async fn load(self, connection: &mut SqliteConnection) -> Result<Loaded, Error> {
        let all = query_as(if self.due.is_some() { WITH_DUE } else { WANTED });
        let mut all = all.bind(self.live).bind(self.instances).bind(self.profiles).bind(self.events);
        let mut earliest = 0;
        if let Some((draw, shards)) = self.due {
            earliest = draw.earliest as usize;
            // One more than asked for is read: it is what follows, if so many are due.
            all = all.bind(draw.by.as_microsecond()).bind(shards).bind(i64::from(draw.earliest) + 1);
            all = all.bind(i64::from(draw.latest));
        }
        let mut loaded = found::sorted(all.fetch_all(&mut *connection).await?, earliest)?;
        if self.past != "[]" {
            let past: Vec<EventRow> =
                query_as(PAST).bind(self.past).bind(self.past_of).fetch_all(&mut *connection).await?;
            loaded.past = row::all(past)?;
        }
        if self.limits {
            let limits: Vec<LimitRow> = query_as(LIMITS).fetch_all(&mut *connection).await?;
            loaded.limits = row::all(limits)?;
        }
        Ok(loaded)
    }
}

/// The shards that are held, as the statements take them.
pub(super) fn shards(held: &Leases) -> Result<String, Error> {
    rows(held.keys())
}

pub(super) async fn cursors(
    connection: &mut SqliteConnection,
    shards: &str,
) -> Result<BTreeMap<Shard, i64>, Error> {
    let cursors: Vec<(Shard, i64)> =
        query_as("SELECT shard, cursor FROM shards WHERE shard IN (SELECT value FROM json_each(?1))")
            .bind(shards)
            .fetch_all(connection)
            .await?;
    Ok(cursors.into_iter().collect())
}

pub(super) async fn sweeps(connection: &mut SqliteConnection, shards: &str) -> Result<Vec<Sweep>, Error> {
    let sweeps: Vec<SweepRow> = query_as(
        "SELECT shard, name, run, after, done FROM sweeps WHERE shard IN (SELECT value FROM json_each(?1))",
    )
    .bind(shards)
    .fetch_all(connection)
    .await?;
    row::all(sweeps)
}

pub(super) async fn people(
    connection: &mut SqliteConnection,
    shard: Shard,
    of: Option<(&str, &str)>,
    after: &str,
    limit: u32,
) -> Result<Vec<Name>, Error> {
    let keys: Vec<String> = match of {
        None => {
            query_scalar("SELECT key FROM profiles WHERE shard = ?1 AND key > ?2 ORDER BY key LIMIT ?3")
                .bind(shard)
                .bind(after)
                .bind(i64::from(limit))
                .fetch_all(connection)
                .await?
        }
        Some((audience, step)) => query_scalar(
            "SELECT profile FROM instances INDEXED BY instances_members WHERE shard = ?1 AND journey = ?4 \
                 AND step = ?5 AND status = 10 AND profile > ?2 ORDER BY profile LIMIT ?3",
        )
        .bind(shard)
        .bind(after)
        .bind(i64::from(limit))
        .bind(audience)
        .bind(step)
        .fetch_all(connection)
        .await?,
    };
    Ok(keys.into_iter().map(Name::from).collect())
}

const CALLING: &str = concat!(
    "SELECT ",
    row::instance_columns!(),
    " FROM instances AS i INDEXED BY instances_calling WHERE i.status = 1 AND i.id > ?1 \
     AND i.shard IN (SELECT value FROM json_each(?2)) ORDER BY i.id LIMIT ?3",
);

pub(super) async fn calling(
    connection: &mut SqliteConnection,
    shards: &str,
    after: Option<Uuid>,
    limit: u32,
) -> Result<Vec<Instance>, Error> {
    let calling: Vec<InstanceRow> = query_as(CALLING)
        .bind(after.unwrap_or(Uuid::nil()))
        .bind(shards)
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?;
    row::all(calling)
}

pub(super) async fn versions(pool: &SqlitePool) -> Result<Vec<Version>, Error> {
    let versions: Vec<VersionRow> = query_as(
        "SELECT journey, version, source, deployed_at, current FROM versions ORDER BY deployed_at, journey, version",
    )
    .fetch_all(pool)
    .await?;
    row::all(versions)
}

pub(super) async fn profile(pool: &SqlitePool, shard: Shard, key: &str) -> Result<Option<Profile>, Error> {
    const SQL: &str =
        concat!("SELECT ", row::profile_columns!(), " FROM profiles AS p WHERE p.shard = ?1 AND p.key = ?2");
    let found: Option<ProfileRow> = query_as(SQL).bind(shard).bind(key).fetch_optional(pool).await?;
    found.map(Profile::try_from).transpose()
}

pub(super) async fn events(
    pool: &SqlitePool,
    shard: Shard,
    profile: &str,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<LoggedEvent>, Error> {
    // The newest are chosen in the index alone; only they are read.
    const SQL: &str = concat!(
        "SELECT ",
        row::event_columns!(),
        " FROM events AS e WHERE e.rowid IN (SELECT o.rowid FROM events AS o \
         WHERE o.shard = ?1 AND o.profile = ?2 AND o.sequence < ?3 ORDER BY o.sequence DESC LIMIT ?4) \
         ORDER BY e.sequence DESC",
    );
    let found: Vec<EventRow> = query_as(SQL)
        .bind(shard)
        .bind(profile)
        .bind(before.unwrap_or(i64::MAX))
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await?;
    row::all(found)
}

pub(super) async fn history_of_profile(
    pool: &SqlitePool,
    shard: Shard,
    profile: &str,
    before: Option<&Behind>,
    limit: u32,
) -> Result<Vec<(Name, History)>, Error> {
    const SQL: &str = concat!(
        "SELECT i.journey, ",
        row::history_columns!(),
        " FROM instances AS i CROSS JOIN history AS h ON h.instance = i.id AND h.shard = i.shard \
         WHERE i.shard = ?1 AND i.profile = ?2 AND (?3 IS NULL OR (h.at, h.instance, h.turn) < (?3, ?4, ?5)) \
         ORDER BY h.at DESC, h.instance DESC, h.turn DESC LIMIT ?6",
    );
    let found: Vec<TurnRow> = query_as(SQL)
        .bind(shard)
        .bind(profile)
        .bind(before.map(|behind| behind.at.as_microsecond()))
        .bind(before.map(|behind| behind.instance))
        .bind(before.map(|behind| i64::from(behind.turn)))
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await?;
    row::all(found)
}

pub(super) async fn refusals(
    pool: &SqlitePool,
    profile: Option<(Shard, &str)>,
    before: Option<Uuid>,
    limit: u32,
) -> Result<Vec<RefusedEvent>, Error> {
    const SQL: &str = concat!(
        "SELECT ",
        row::refusal_columns!(),
        " FROM refusals AS r WHERE (?1 IS NULL OR (r.shard = ?1 AND r.profile = ?2)) AND (?3 IS NULL OR r.id < ?3) \
         ORDER BY r.id DESC LIMIT ?4",
    );
    let (shard, profile) = profile.unzip();
    let found: Vec<RefusalRow> =
        query_as(SQL).bind(shard).bind(profile).bind(before).bind(i64::from(limit)).fetch_all(pool).await?;
    row::all(found)
}

pub(super) async fn history(pool: &SqlitePool, shard: Shard, instance: Uuid) -> Result<Vec<History>, Error> {
    const SQL: &str = concat!(
        "SELECT ",
        row::history_columns!(),
        " FROM history AS h WHERE h.instance = ?1 AND h.shard = ?2 ORDER BY h.turn",
    );
    let found: Vec<HistoryRow> = query_as(SQL).bind(instance).bind(shard).fetch_all(pool).await?;
    row::all(found)
}

pub(super) async fn instance(pool: &SqlitePool, shard: Shard, id: Uuid) -> Result<Option<Instance>, Error> {
    const SQL: &str =
        concat!("SELECT ", row::instance_columns!(), " FROM instances AS i WHERE i.id = ?1 AND i.shard = ?2");
    let found: Option<InstanceRow> = query_as(SQL).bind(id).bind(shard).fetch_optional(pool).await?;
    found.map(Instance::try_from).transpose()
}

pub(super) async fn counters(pool: &SqlitePool) -> Result<Vec<Counter>, Error> {
    let sums: Vec<CounterRow> = query_as(
        "SELECT journey, version, step, sum(waiting) AS waiting, sum(passed) AS passed, sum(failed) AS failed, \
         sum(ended) AS ended, sum(reached) AS reached FROM counters GROUP BY journey, version, step ORDER BY journey, version, step",
    )
    .fetch_all(pool)
    .await?;
    Ok(sums.into_iter().map(Counter::from).collect())
}

/// What is known against some addresses.
const SUPPRESSED: &str = "SELECT s.address, s.reason, NULL, s.at FROM json_each(?1) AS w \
     CROSS JOIN suppressions AS s ON s.address = unhex(w.value) \
     UNION ALL SELECT d.address, NULL, d.policy, d.at FROM json_each(?1) AS w \
     CROSS JOIN departures AS d ON d.address = unhex(w.value)";

pub(super) async fn suppressed(pool: &SqlitePool, addresses: &[Uuid]) -> Result<Against, Error> {
    let addresses = rows(addresses.iter().map(|address| address.simple()))?;
    suppressions::read(query_as(SUPPRESSED).bind(addresses).fetch_all(pool).await?)
}

/// The statements of every turn that read, by name.
#[cfg(test)]
pub(super) const HOT: [(&str, &str); 5] = [
    ("wanted", WANTED),
    ("with due", WITH_DUE),
    ("past", PAST),
    ("calling", CALLING),
    ("suppressed", SUPPRESSED),
];
