//! What rows and types have in common in both databases: how a row becomes one of our types, and which shards a turn
//! touches. Deliberately absent: a connection.

use std::collections::BTreeMap;

use engine::{Instance, Status};
use jiff::Timestamp;
use uuid::Uuid;

use crate::{
    Counter, Error, History, Leases, Limit, LoggedEvent, Profile, RefusedEvent, Shard, Sweep, Turn, Version,
};
use graph::Name;

/// The columns of an instance, in a statement that calls the table `i`, or what it is called besides.
macro_rules! instance_columns {
    () => {
        crate::row::instance_columns!("i")
    };
    ($i:literal) => {
        concat!(
            $i,
            ".id, ",
            $i,
            ".journey, ",
            $i,
            ".version, ",
            $i,
            ".profile, ",
            $i,
            ".key, ",
            $i,
            ".status, ",
            $i,
            ".step, ",
            $i,
            ".entered_at, ",
            $i,
            ".updated_at, ",
            $i,
            ".due_at, ",
            $i,
            ".turn, ",
            $i,
            ".state"
        )
    };
}
/// The columns of a profile, in a statement that calls the table `p`.
macro_rules! profile_columns {
    () => {
        "p.shard, p.key, p.attributes, p.entries, p.created_at, p.updated_at"
    };
}
/// The columns of an event, in a statement that calls the table `e`.
macro_rules! event_columns {
    () => {
        "e.shard, e.sequence, e.id, e.name, e.profile, e.at, e.received_at, e.properties, e.outcome"
    };
}
/// The columns of a happening's history, in a statement that calls the table `h`.
macro_rules! history_columns {
    () => {
        "h.shard, h.instance, h.turn, h.at, h.happenings"
    };
}
/// The columns of a refused event, in a statement that calls the table `r`.
macro_rules! refusal_columns {
    () => {
        "r.shard, r.id, r.at, r.event_id, r.event, r.profile, r.field, r.reason, r.body"
    };
}
pub(crate) use {event_columns, history_columns, instance_columns, profile_columns, refusal_columns};

#[derive(sqlx::FromRow)]
pub(crate) struct InstanceRow {
    pub(crate) id: Uuid,
    pub(crate) journey: String,
    pub(crate) version: String,
    pub(crate) profile: String,
    pub(crate) key: String,
    pub(crate) status: i16,
    pub(crate) step: String,
    pub(crate) entered_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) due_at: Option<i64>,
    pub(crate) turn: i64,
    pub(crate) state: String,
}

impl TryFrom<InstanceRow> for Instance {
    type Error = Error;

    fn try_from(row: InstanceRow) -> Result<Instance, Error> {
        const WHAT: &str = "instance";
        Ok(Instance {
            id: row.id,
            journey: row.journey.into(),
            version: row.version.into(),
            profile: row.profile.into(),
            key: row.key.into(),
            status: Status::of_code(row.status)
                .ok_or_else(|| corrupt(WHAT, format!("{} has the status {}", row.id, row.status)))?,
            step: row.step.into(),
            entered_at: time(WHAT, row.entered_at)?,
            updated_at: time(WHAT, row.updated_at)?,
            due_at: row.due_at.map(|at| time(WHAT, at)).transpose()?,
            turn: whole(WHAT, row.turn)?,
            state: serde_json::from_str(&row.state)
                .map_err(|error| corrupt(WHAT, format!("{}: {error}", row.id)))?,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct ProfileRow {
    pub(crate) shard: i16,
    pub(crate) key: String,
    pub(crate) attributes: String,
    pub(crate) entries: String,
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
}

impl TryFrom<ProfileRow> for Profile {
    type Error = Error;

    fn try_from(row: ProfileRow) -> Result<Profile, Error> {
        const WHAT: &str = "profile";
        Ok(Profile {
            shard: whole(WHAT, row.shard)?,
            key: row.key.into(),
            attributes: row.attributes,
            entries: row.entries,
            created_at: time(WHAT, row.created_at)?,
            updated_at: time(WHAT, row.updated_at)?,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct EventRow {
    shard: i16,
    sequence: i64,
    id: String,
    name: String,
    profile: String,
    at: i64,
    received_at: i64,
    properties: String,
    outcome: String,
}

impl TryFrom<EventRow> for LoggedEvent {
    type Error = Error;

    fn try_from(row: EventRow) -> Result<LoggedEvent, Error> {
        const WHAT: &str = "event";
        Ok(LoggedEvent {
            shard: whole(WHAT, row.shard)?,
            sequence: row.sequence,
            id: row.id.into(),
            name: row.name.into(),
            profile: row.profile.into(),
            at: time(WHAT, row.at)?,
            received_at: time(WHAT, row.received_at)?,
            properties: row.properties,
            outcome: row.outcome,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct HistoryRow {
    shard: i16,
    instance: Uuid,
    turn: i64,
    at: i64,
    happenings: String,
}

impl TryFrom<HistoryRow> for History {
    type Error = Error;

    fn try_from(row: HistoryRow) -> Result<History, Error> {
        const WHAT: &str = "history";
        Ok(History {
            shard: whole(WHAT, row.shard)?,
            instance: row.instance,
            turn: whole(WHAT, row.turn)?,
            at: time(WHAT, row.at)?,
            happenings: row.happenings,
        })
    }
}

/// A row of history with the journey of its instance.
#[derive(sqlx::FromRow)]
pub(crate) struct TurnRow {
    journey: String,
    #[sqlx(flatten)]
    row: HistoryRow,
}

impl TryFrom<TurnRow> for (Name, History) {
    type Error = Error;

    fn try_from(row: TurnRow) -> Result<(Name, History), Error> {
        Ok((row.journey.into(), row.row.try_into()?))
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct RefusalRow {
    shard: i16,
    id: Uuid,
    at: i64,
    event_id: Option<String>,
    event: Option<String>,
    profile: Option<String>,
    field: String,
    reason: String,
    body: String,
}

impl TryFrom<RefusalRow> for RefusedEvent {
    type Error = Error;

    fn try_from(row: RefusalRow) -> Result<RefusedEvent, Error> {
        const WHAT: &str = "refused event";
        Ok(RefusedEvent {
            shard: whole(WHAT, row.shard)?,
            id: row.id,
            at: time(WHAT, row.at)?,
            event_id: row.event_id,
            event: row.event,
            profile: row.profile,
            field: row.field,
            reason: row.reason,
            body: row.body,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct VersionRow {
    journey: String,
    version: String,
    source: String,
    deployed_at: i64,
    current: i16,
}

impl TryFrom<VersionRow> for Version {
    type Error = Error;

    fn try_from(row: VersionRow) -> Result<Version, Error> {
        Ok(Version {
            journey: row.journey.into(),
            version: row.version.into(),
            source: row.source.into(),
            deployed_at: time("version", row.deployed_at)?,
            current: row.current == 1,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct SweepRow {
    shard: i16,
    name: String,
    run: String,
    after: String,
    done: i16,
}

impl TryFrom<SweepRow> for Sweep {
    type Error = Error;

    fn try_from(row: SweepRow) -> Result<Sweep, Error> {
        Ok(Sweep {
            shard: whole("sweep", row.shard)?,
            name: row.name.into(),
            run: row.run.into(),
            after: row.after.into(),
            done: row.done == 1,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct LimitRow {
    journey: String,
    name: String,
    taken: i64,
    most: i64,
}

impl TryFrom<LimitRow> for Limit {
    type Error = Error;

    fn try_from(row: LimitRow) -> Result<Limit, Error> {
        Ok(Limit {
            journey: row.journey.into(),
            name: row.name.into(),
            taken: whole("limit", row.taken)?,
            most: whole("limit", row.most)?,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct CounterRow {
    journey: String,
    version: String,
    step: String,
    waiting: i64,
    passed: i64,
    failed: i64,
    ended: i64,
    reached: i64,
}

impl From<CounterRow> for Counter {
    fn from(row: CounterRow) -> Counter {
        Counter {
            shard: 0,
            journey: row.journey.into(),
            version: row.version.into(),
            step: row.step.into(),
            waiting: row.waiting,
            passed: row.passed,
            failed: row.failed,
            ended: row.ended,
            reached: row.reached,
        }
    }
}

/// Every row as what it stands for, or the first error.
pub(crate) fn all<R, T: TryFrom<R, Error = Error>>(rows: Vec<R>) -> Result<Vec<T>, Error> {
    rows.into_iter().map(T::try_from).collect()
}

/// The instant that is stored as so many microseconds.
pub(crate) fn time(what: &'static str, micros: i64) -> Result<Timestamp, Error> {
    Timestamp::from_microsecond(micros).map_err(|error| corrupt(what, error.to_string()))
}

/// The state as it is stored.
pub(crate) fn state_text(instance: &Instance) -> Result<String, Error> {
    serde_json::to_string(&instance.state)
        .map_err(|error| corrupt("instance", format!("{}: {error}", instance.id)))
}

/// A number that the database keeps signed, as the database wants it. Shards are few, so none is ever cut.
pub(crate) fn small(shard: Shard) -> i16 {
    i16::try_from(shard).unwrap_or(i16::MAX)
}

/// A sentence about a row that cannot be read.
pub(crate) fn corrupt(what: &'static str, reason: String) -> Error {
    Error::Corrupt { what, reason }
}

fn whole<N: Copy + std::fmt::Display, T: TryFrom<N>>(what: &'static str, number: N) -> Result<T, Error> {
    T::try_from(number).map_err(|_| corrupt(what, format!("{number} is out of range")))
}

/// The number of shards, as the table `meta` says it.
pub(crate) fn shard(number: i16) -> Result<Shard, Error> {
    Shard::try_from(number).map_err(|_| corrupt("shard", format!("{number} is no shard")))
}

pub(crate) fn shard_count(text: &str) -> Result<u16, Error> {
    text.parse().map_err(|_| corrupt("number of shards", format!("`{text}` is not a number")))
}

/// The shards that a turn touches: of each the sequence number of its last event if it has one, and the epoch.
pub(crate) fn touched(turn: &Turn, held: &Leases) -> Result<Vec<(Shard, Option<i64>, i64)>, Error> {
    let mut shards: BTreeMap<Shard, Option<i64>> = BTreeMap::new();
    let quiet = (turn.profiles.iter().map(|profile| profile.shard))
        .chain(turn.refusals.iter().map(|refused| refused.shard))
        .chain(turn.instances.iter().map(|(shard, _)| *shard))
        .chain(turn.history.iter().map(|history| history.shard))
        .chain(turn.counters.iter().map(|counter| counter.shard))
        .chain(turn.sweeps.iter().map(|sweep| sweep.shard));
    for shard in quiet {
        shards.entry(shard).or_insert(None);
    }
    for event in &turn.events {
        let cursor = shards.entry(event.shard).or_insert(None);
        *cursor = (*cursor).max(Some(event.sequence));
    }
    shards.into_iter().map(|(shard, cursor)| Ok((shard, cursor, epoch(shard, held)?))).collect()
}

/// The epoch under which a writer holds a shard.
pub(crate) fn epoch(shard: Shard, held: &Leases) -> Result<i64, Error> {
    let foreign = || Error::Unsuitable(format!("shard {shard} is not held by whoever writes to it"));
    held.get(&shard).copied().ok_or_else(foreign)
}
