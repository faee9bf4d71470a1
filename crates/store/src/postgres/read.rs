//! What is read from PostgreSQL: what a turn touches, what is due, and pages for the dashboard.

use std::collections::BTreeMap;

use engine::Instance;
use graph::Name;
use sqlx::{PgConnection, PgPool, query_as, query_scalar};
use uuid::Uuid;

use crate::{
    Against, Behind, Counter, Draw, Error, History, Leases, Loaded, LoggedEvent, Profile, RefusedEvent,
    Shard, Sweep, Version, Wanted, found,
    row::{
        self, CounterRow, EventRow, HistoryRow, InstanceRow, LimitRow, ProfileRow, RefusalRow, SweepRow,
        TurnRow, VersionRow, small,
    },
    suppressions,
};

// The lists are joined from the left, key by key: LATERAL keeps the planner from reading a whole table because it
// guesses the length of a list wrong. A plan that is made while the table is empty is kept, and there every index looks
// alike: `shard + 0` leaves only the primary key to find an id by, not the many rows of its shard.
macro_rules! wanted {
    () => {
        concat!(
            "SELECT 0 AS kind, ",
            row::instance_columns!(),
            " FROM UNNEST($1::smallint[], $2::text[]) AS w (shard, profile), \
             LATERAL (SELECT * FROM instances WHERE shard = w.shard AND profile = w.profile AND live = 1 OFFSET 0) AS i \
             UNION ALL SELECT 0, ",
            row::instance_columns!(),
            " FROM UNNEST($3::smallint[], $4::uuid[]) AS w (shard, id), \
             LATERAL (SELECT * FROM instances WHERE id = w.id AND shard + 0 = w.shard LIMIT 1) AS i \
             UNION ALL SELECT 3, ",
            found::profile_as_found!(),
            " FROM UNNEST($5::smallint[], $6::text[]) AS w (shard, key), \
             LATERAL (SELECT * FROM profiles WHERE shard = w.shard AND key = w.key LIMIT 1) AS p \
             UNION ALL SELECT 4, ",
            found::known_as_found!(),
            " FROM UNNEST($7::smallint[], $8::text[], $9::text[]) AS w (shard, profile, id), \
             LATERAL (SELECT * FROM events WHERE shard = w.shard AND profile = w.profile AND id = w.id LIMIT 1) AS e",
        )
    };
}
const WANTED: &str = wanted!();
// One probe of the index per shard, so that a node reads no other node's waits. Who is earliest is found in the index
// alone: of a herd every shard has as many as are asked for, and only the chosen are read. So are the latest, from the
// other end of it; where none are asked for, nobody looks.
macro_rules! drawn {
    ($kind:literal, $order:literal, $most:literal) => {
        concat!(
            "(SELECT ",
            $kind,
            " AS kind, d.* FROM UNNEST($11::smallint[]) AS s (shard), \
             LATERAL (SELECT id, shard, due_at FROM instances WHERE shard = s.shard AND due_at <= $10 \
             ORDER BY due_at",
            $order,
            ", id",
            $order,
            " LIMIT ",
            $most,
            ") AS d ORDER BY d.due_at",
            $order,
            ", d.id",
            $order,
            " LIMIT ",
            $most,
            ")",
        )
    };
}
const WITH_DUE: &str = concat!(
    "WITH d AS MATERIALIZED (SELECT o.kind, i.* FROM (",
    drawn!("1", "", "$12"),
    " UNION ALL ",
    drawn!("5", " DESC", "$13"),
    ") AS o, LATERAL (SELECT * FROM instances WHERE id = o.id AND shard + 0 = o.shard LIMIT 1) AS i) ",
    wanted!(),
    " UNION ALL SELECT d.kind, ",
    row::instance_columns!("d"),
    " FROM d \
     UNION ALL SELECT 3, ",
    found::profile_as_found!(),
    " FROM d AS w, LATERAL (SELECT * FROM profiles WHERE shard = w.shard AND key = w.profile LIMIT 1) AS p \
     UNION ALL SELECT 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, min(i.due_at), NULL, NULL \
     FROM UNNEST($11::smallint[]) AS s (shard), \
     LATERAL (SELECT due_at FROM instances WHERE shard = s.shard AND due_at > $10 ORDER BY due_at LIMIT 1) AS i \
     WHERE (SELECT count(*) FROM d WHERE d.kind = 1) < $12",
);

/// A person's past is bounded: an audience counts to far less.
const PAST: &str = concat!(
    "SELECT ",
    row::event_columns!(),
    " FROM UNNEST($1::smallint[], $2::text[]) AS w (shard, profile), \
     LATERAL (SELECT * FROM events WHERE shard = w.shard AND profile = w.profile AND name = ANY($3) \
     ORDER BY sequence DESC LIMIT 10000) AS e \
     ORDER BY e.sequence",
);

const LIMITS: &str = "SELECT journey, name, taken, most FROM limits ORDER BY journey, name";

/// The keys of what is wanted, as the statements take them.
pub(super) struct Keys {
    profiles: (Vec<i16>, Vec<String>),
    events: (Vec<i16>, Vec<String>, Vec<String>),
    live: (Vec<i16>, Vec<String>),
    instances: (Vec<i16>, Vec<Uuid>),
    past: (Vec<i16>, Vec<String>),
    past_of: Vec<String>,
    limits: bool,
    due: Option<(Draw, Vec<i16>)>,
}

impl Keys {
    pub(super) fn of(wanted: &Wanted, held: &Leases) -> Keys {
        let mut events = (Vec::new(), Vec::new(), Vec::new());
        for (shard, profile, id) in &wanted.events {
            events.0.push(small(*shard));
            events.1.push(profile.to_string());
            events.2.push(id.to_string());
        }
        let live = wanted.profiles.iter().filter(|(_, _, live)| *live);
        Keys {
            profiles: wanted.profiles.iter().map(|(shard, key, _)| (small(*shard), key.to_string())).unzip(),
            events,
            live: live.map(|(shard, key, _)| (small(*shard), key.to_string())).unzip(),
            instances: wanted.instances.iter().map(|(shard, id)| (small(*shard), *id)).unzip(),
            past: wanted.past.iter().map(|(shard, key)| (small(*shard), key.to_string())).unzip(),
            past_of: wanted.past_of.iter().map(ToString::to_string).collect(),
            limits: wanted.limits,
            due: wanted.due.map(|draw| (draw, shards(held))),
        }
    }

    pub(super) async fn load(self, connection: &mut PgConnection) -> Result<Loaded, Error> {
        let all = query_as(if self.due.is_some() { WITH_DUE } else { WANTED });
        let all = all.bind(self.live.0).bind(self.live.1).bind(self.instances.0).bind(self.instances.1);
        let all = all.bind(self.profiles.0).bind(self.profiles.1);
        let mut all = all.bind(self.events.0).bind(self.events.1).bind(self.events.2);
        let mut earliest = 0;
        if let Some((draw, shards)) = self.due {
            earliest = draw.earliest as usize;
            // One more than asked for is read: it is what follows, if so many are due.
            all = all.bind(draw.by.as_microsecond()).bind(shards).bind(i64::from(draw.earliest) + 1);
            all = all.bind(i64::from(draw.latest));
        }
        let mut loaded = found::sorted(all.fetch_all(&mut *connection).await?, earliest)?;
        if !self.past.0.is_empty() {
            let (shards, profiles) = self.past;
            let past: Vec<EventRow> = query_as(PAST)
                .bind(shards)
                .bind(profiles)
                .bind(self.past_of)
                .fetch_all(&mut *connection)
                .await?;
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
pub(super) fn shards(held: &Leases) -> Vec<i16> {
    held.keys().map(|shard| small(*shard)).collect()
}

pub(super) async fn cursors(
    connection: &mut PgConnection,
    shards: &[i16],
) -> Result<BTreeMap<Shard, i64>, Error> {
    let cursors: Vec<(i16, i64)> = query_as("SELECT shard, cursor FROM shards WHERE shard = ANY($1)")
        .bind(shards)
        .fetch_all(connection)
        .await?;
    cursors.into_iter().map(|(shard, cursor)| Ok((row::shard(shard)?, cursor))).collect()
}

pub(super) async fn sweeps(connection: &mut PgConnection, shards: &[i16]) -> Result<Vec<Sweep>, Error> {
    let sweeps: Vec<SweepRow> =
        query_as("SELECT shard, name, run, after, done FROM sweeps WHERE shard = ANY($1)")
            .bind(shards)
            .fetch_all(connection)
            .await?;
    row::all(sweeps)
}

pub(super) async fn people(
    connection: &mut PgConnection,
    shard: Shard,
    of: Option<(&str, &str)>,
    after: &str,
    limit: u32,
) -> Result<Vec<Name>, Error> {
    let keys: Vec<String> = match of {
        None => {
            query_scalar("SELECT key FROM profiles WHERE shard = $1 AND key > $2 ORDER BY key LIMIT $3")
                .bind(small(shard))
                .bind(after)
                .bind(i64::from(limit))
                .fetch_all(connection)
                .await?
        }
        Some((audience, step)) => query_scalar(
            "SELECT profile FROM instances WHERE shard = $1 AND journey = $4 AND step = $5 AND status = 10 \
                 AND profile > $2 ORDER BY profile LIMIT $3",
        )
        .bind(small(shard))
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
    " FROM instances AS i WHERE i.status = 1 AND i.id > $1 AND i.shard = ANY($2) ORDER BY i.id LIMIT $3",
);

pub(super) async fn calling(
    connection: &mut PgConnection,
    shards: &[i16],
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

pub(super) async fn versions(pool: &PgPool) -> Result<Vec<Version>, Error> {
    let versions: Vec<VersionRow> = query_as(
        "SELECT journey, version, source, deployed_at, current FROM versions ORDER BY deployed_at, journey, version",
    )
    .fetch_all(pool)
    .await?;
    row::all(versions)
}

pub(super) async fn profile(pool: &PgPool, shard: Shard, key: &str) -> Result<Option<Profile>, Error> {
    const SQL: &str =
        concat!("SELECT ", row::profile_columns!(), " FROM profiles AS p WHERE p.shard = $1 AND p.key = $2");
    let found: Option<ProfileRow> = query_as(SQL).bind(small(shard)).bind(key).fetch_optional(pool).await?;
    found.map(Profile::try_from).transpose()
}

pub(super) async fn events(
    pool: &PgPool,
    shard: Shard,
    profile: &str,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<LoggedEvent>, Error> {
    // The newest are chosen in the index alone, which includes the sequence number; only they are read.
    const SQL: &str = concat!(
        "SELECT ",
        row::event_columns!(),
        " FROM (SELECT sequence FROM events WHERE shard = $1 AND profile = $2 AND sequence < $3 \
         ORDER BY sequence DESC LIMIT $4) AS o JOIN events AS e ON e.shard = $1 AND e.sequence = o.sequence \
         ORDER BY e.sequence DESC",
    );
    let found: Vec<EventRow> = query_as(SQL)
        .bind(small(shard))
        .bind(profile)
        .bind(before.unwrap_or(i64::MAX))
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await?;
    row::all(found)
}

pub(super) async fn history_of_profile(
    pool: &PgPool,
    shard: Shard,
    profile: &str,
    before: Option<&Behind>,
    limit: u32,
) -> Result<Vec<(Name, History)>, Error> {
    const SQL: &str = concat!(
        "SELECT i.journey, ",
        row::history_columns!(),
        " FROM instances AS i JOIN history AS h ON h.instance = i.id AND h.shard = i.shard \
         WHERE i.shard = $1 AND i.profile = $2 \
         AND ($3::bigint IS NULL OR (h.at, h.instance, h.turn) < ($3, $4::uuid, $5::bigint)) \
         ORDER BY h.at DESC, h.instance DESC, h.turn DESC LIMIT $6",
    );
    let found: Vec<TurnRow> = query_as(SQL)
        .bind(small(shard))
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
    pool: &PgPool,
    profile: Option<(Shard, &str)>,
    before: Option<Uuid>,
    limit: u32,
) -> Result<Vec<RefusedEvent>, Error> {
    const SQL: &str = concat!(
        "SELECT ",
        row::refusal_columns!(),
        " FROM refusals AS r WHERE ($1::smallint IS NULL OR (r.shard = $1 AND r.profile = $2)) \
         AND ($3::uuid IS NULL OR r.id < $3) ORDER BY r.id DESC LIMIT $4",
    );
    let (shard, profile) = profile.unzip();
    let found: Vec<RefusalRow> = query_as(SQL)
        .bind(shard.map(small))
        .bind(profile)
        .bind(before)
        .bind(i64::from(limit))
        .fetch_all(pool)
        .await?;
    row::all(found)
}

pub(super) async fn history(pool: &PgPool, shard: Shard, instance: Uuid) -> Result<Vec<History>, Error> {
    const SQL: &str = concat!(
        "SELECT ",
        row::history_columns!(),
        " FROM history AS h WHERE h.instance = $1 AND h.shard = $2 ORDER BY h.turn",
    );
    let found: Vec<HistoryRow> = query_as(SQL).bind(instance).bind(small(shard)).fetch_all(pool).await?;
    row::all(found)
}

pub(super) async fn instance(pool: &PgPool, shard: Shard, id: Uuid) -> Result<Option<Instance>, Error> {
    const SQL: &str =
        concat!("SELECT ", row::instance_columns!(), " FROM instances AS i WHERE i.id = $1 AND i.shard = $2");
    let found: Option<InstanceRow> = query_as(SQL).bind(id).bind(small(shard)).fetch_optional(pool).await?;
    found.map(Instance::try_from).transpose()
}

pub(super) async fn counters(pool: &PgPool) -> Result<Vec<Counter>, Error> {
    let sums: Vec<CounterRow> = query_as(
        "SELECT journey, version, step, sum(waiting)::bigint AS waiting, sum(passed)::bigint AS passed, \
         sum(failed)::bigint AS failed, sum(ended)::bigint AS ended, sum(reached)::bigint AS reached \
         FROM counters GROUP BY journey, version, step ORDER BY journey, version, step",
    )
    .fetch_all(pool)
    .await?;
    Ok(sums.into_iter().map(Counter::from).collect())
}

/// What is known against some addresses.
const SUPPRESSED: &str = "SELECT address, reason, NULL, at FROM suppressions WHERE address = ANY($1) \
     UNION ALL SELECT address, NULL, policy, at FROM departures WHERE address = ANY($1)";

pub(super) async fn suppressed(pool: &PgPool, addresses: &[Uuid]) -> Result<Against, Error> {
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
