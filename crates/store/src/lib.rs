//! Remembers profiles, events, instances and history, in SQLite or PostgreSQL.
//!
//! What comes in: batches of rows that the runtime has decided on. What goes out: the rows a batch of inputs touches,
//! and pages for the dashboard. Deliberately absent: decisions. Every statement on the hot path serves a whole batch.
//!
//! Two implementations of one narrow trait, [`Store`]; one story and one differential test hold them equal.

mod caps;
mod examination;
mod found;
mod held;
mod nodes;
mod pauses;
mod postgres;
mod records;
mod row;
mod slots;
mod sqlite;
mod statements;
mod suppressions;

use std::{collections::BTreeMap, ops::Range, path::Path, sync::Arc, time::Duration};

use async_trait::async_trait;
use engine::Instance;
use graph::Name;
use jiff::Timestamp;
use uuid::Uuid;

pub use caps::Granted;
pub use examination::{
    Counted, Disk, Examination, Holder, Inhabited, MOST_COUNTED, NodeFacts, PostgresFacts, Schema,
    SqliteFacts, Table, Work, examine,
};
pub use nodes::{LEASE, Leases, Node, Nodes, Survey};
pub use records::{
    Behind, Counter, Draw, Due, Filter, History, KnownEvent, Limit, Loaded, LoggedEvent, MOST_REFUSALS,
    Profile, RefusedEvent, Sweep, Turn, Version, Wanted,
};
pub use suppressions::{Against, Departure, Suppression};

/// A slice of all profiles; one writer at a time works on a shard.
pub type Shard = u16;

/// Opens the database that a URL names (`sqlite:PATH`, `postgres://…`), checks that it keeps what it acknowledges, and
/// brings its schema up to date.
///
/// # Errors
/// When the URL is of no known kind, or the database cannot be reached or is set up so that it may lose data.
pub async fn open(url: &str) -> Result<Arc<dyn Store>, Error> {
    if url.starts_with("sqlite:") {
        Ok(Arc::new(sqlite::Sqlite::open(url).await?))
    } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        Ok(Arc::new(postgres::Postgres::open(url).await?))
    } else {
        Err(Error::Unsuitable("a database URL begins with sqlite: or postgres://".into()))
    }
}

/// Copies a database that is a file (`sqlite:PATH`) while a server uses it, as it is at one moment, to a file that is not
/// there yet. Gives the size of the copy in bytes.
///
/// # Errors
/// When there is no such file, the copy cannot be written, or the database is PostgreSQL, which has tools of its own.
pub async fn back_up(url: &str, copy: &Path) -> Result<u64, Error> {
    if url.starts_with("sqlite:") {
        return sqlite::backup::back_up(url, copy).await;
    }
    Err(Error::Unsuitable(
        "only an SQLite file is copied so; PostgreSQL's own tools copy its databases, such as pg_dump".into(),
    ))
}

/// What a store must do. One [`Writer`] works on a shard at a time; everything else only reads.
#[async_trait]
pub trait Store: Send + Sync {
    /// How many shards the database was created with.
    fn shards(&self) -> u16;
    /// How many writers it is worth to run.
    fn writers(&self) -> u16;
    /// How several nodes share the shards; none where one process has the database to itself.
    fn nodes(&self) -> Option<&dyn Nodes>;
    /// Takes shards over, whoever holds them: earlier writers are fenced off, for the epochs are raised.
    async fn take_over(&self, shards: Range<Shard>) -> Result<Leases, Error>;
    /// A connection that writes to the shards that it holds.
    async fn writer(&self, held: Leases) -> Result<Box<dyn Writer>, Error>;

    /// Keeps versions of journeys that are not known yet and marks them as the current ones of their journeys.
    async fn deploy(&self, versions: &[Version]) -> Result<(), Error>;
    /// Every version ever deployed, the current ones marked.
    async fn versions(&self) -> Result<Vec<Version>, Error>;

    /// One profile.
    async fn profile(&self, shard: Shard, key: &str) -> Result<Option<Profile>, Error>;
    /// The newest events of a profile, newest first, with sequence numbers below `before` if given.
    async fn events(
        &self,
        shard: Shard,
        profile: &str,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<LoggedEvent>, Error>;
    /// The newest history of a profile's instances with their journeys, newest first, behind `before` if given.
    async fn history_of_profile(
        &self,
        shard: Shard,
        profile: &str,
        before: Option<&Behind>,
        limit: u32,
    ) -> Result<Vec<(Name, History)>, Error>;
    /// The newest refused events, newest first, with ids below `before` if given; of one person, or of all.
    async fn refusals(
        &self,
        profile: Option<(Shard, &str)>,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<RefusedEvent>, Error>;
    /// The whole history of an instance, oldest first.
    async fn history(&self, shard: Shard, instance: Uuid) -> Result<Vec<History>, Error>;
    /// One instance.
    async fn instance(&self, shard: Shard, id: Uuid) -> Result<Option<Instance>, Error>;
    /// Instances that fit the filter, newest first, with ids below `before` if given.
    async fn instances(
        &self,
        filter: &Filter,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Instance>, Error>;
    /// The counters of every step, summed over shards.
    async fn counters(&self) -> Result<Vec<Counter>, Error>;
    /// Claims the next slots of a connection whose calls are held to a rate: so many, so far apart, behind those that
    /// anybody has claimed before. Gives how long it is until the first.
    async fn claim_slots(&self, connection: &str, slots: u32, apart: Duration) -> Result<Duration, Error>;
    /// Claims calls of a connection that allows only so many to begin in any stretch as long as a window: as many of the wanted
    /// ones as are left.
    async fn claim_share(
        &self,
        connection: &str,
        most: u32,
        window: Duration,
        wanted: u32,
    ) -> Result<Granted, Error>;
    /// Pauses a connection, so that its calls are held.
    async fn pause(&self, connection: &str, now: Timestamp) -> Result<(), Error>;
    /// Lets a connection go on.
    async fn resume(&self, connection: &str) -> Result<(), Error>;
    /// The connections that are paused, and since when.
    async fn pauses(&self) -> Result<BTreeMap<Name, Timestamp>, Error>;
    /// Puts addresses on the suppression list, those that are not there; gives how many.
    async fn suppress(&self, suppressions: &[Suppression]) -> Result<u64, Error>;
    /// Takes addresses off the suppression list; gives how many were there.
    async fn unsuppress(&self, addresses: &[Uuid]) -> Result<u64, Error>;
    /// Has addresses get nothing under policies; gives how many are new or later than was known.
    async fn depart(&self, departures: &[Departure]) -> Result<u64, Error>;
    /// Has addresses get messages under policies again; gives how many did not.
    async fn lift(&self, gone: &[(Uuid, Name)]) -> Result<u64, Error>;
    /// What is known against these addresses.
    async fn suppressed(&self, addresses: &[Uuid]) -> Result<Against, Error>;
    /// How many addresses are on the suppression list, by reason; those that get nothing under a policy as `unsubscribed`.
    async fn count_suppressed(&self) -> Result<BTreeMap<Name, u64>, Error>;
    /// The key of a name, the same for all nodes for ever: the fresh one, if there is none yet.
    async fn key(&self, name: &str, fresh: &[u8]) -> Result<Vec<u8>, Error>;
    /// Whether the database answers.
    async fn ping(&self) -> Result<(), Error>;
}

/// The one writer of some shards.
#[async_trait]
pub trait Writer: Send {
    /// The shards that it writes to.
    fn held(&self) -> &Leases;
    /// From now on it writes to these shards.
    fn hold(&mut self, leases: Leases);
    /// The sequence number of the last applied event of each of its shards.
    async fn cursors(&mut self) -> Result<BTreeMap<Shard, i64>, Error>;
    /// Everything that a batch of inputs touches, and what is due if that is wanted: in one statement, but for what few
    /// turns need.
    async fn load(&mut self, wanted: &Wanted) -> Result<Loaded, Error>;
    /// How far passes over people have come.
    async fn sweeps(&mut self) -> Result<Vec<Sweep>, Error>;
    /// The keys of people of a shard behind one, in order: of those at a step of an audience, or of all.
    async fn people(
        &mut self,
        shard: Shard,
        of: Option<(&str, &str)>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Name>, Error>;
    /// Instances with a call under way, by id above `after`: after a restart their attempts are lost.
    async fn calling(&mut self, after: Option<Uuid>, limit: u32) -> Result<Vec<Instance>, Error>;
    /// Writes a turn in one durable transaction; nothing of it when a shard is no longer ours.
    async fn commit(&mut self, turn: &Turn) -> Result<(), Error>;
    /// Removes the oldest events of a shard, as far as they came before a moment, but not more than so many at once;
    /// gives how many.
    async fn forget_events(&mut self, shard: Shard, before: Timestamp, limit: u32) -> Result<u64, Error>;
    /// Looks at so many instances in the order of entry, those behind `after`, and removes the ones that were over before
    /// a moment, with their history. Gives the last one it looked at; none when there are no more.
    async fn forget_instances(
        &mut self,
        before: Timestamp,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Option<Uuid>, Error>;
    /// Removes a person in one transaction: profile, events (refused ones too), instances, history, and their places
    /// in the counters. What is left of them is what their addresses get no more.
    async fn erase(&mut self, shard: Shard, profile: &str, left: &[Departure]) -> Result<(), Error>;
}

/// Why the store could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed or could not be reached.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
    /// The schema could not be brought up to date.
    #[error("the database's schema could not be brought up to date")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A stored row cannot be read.
    #[error("a stored {what} cannot be read: {reason}")]
    Corrupt {
        /// What kind of row.
        what: &'static str,
        /// Why.
        reason: String,
    },
    /// Another writer has let people through a limit since it was read: the turn must be decided anew.
    #[error("a limit was reached meanwhile")]
    Outdated,
    /// Another writer has taken these shards over.
    #[error("another process writes to this database now; this one must stop")]
    Fenced,
    /// The database is of a kind or set up in a way that may lose data.
    #[error("{0}")]
    Unsuitable(String),
}

/// The shard of a profile's key: fixed for ever by this hash and the number of shards.
pub fn shard_of(profile: &str, shards: u16) -> Shard {
    let hash = xxhash_rust::xxh3::xxh3_64(profile.as_bytes());
    Shard::try_from(hash % u64::from(shards.max(1))).unwrap_or_default()
}

/// The shard that an instance id carries in its last two bytes (see [`instance_id`]).
pub fn shard_in(id: Uuid) -> Shard {
    let [.., high, low] = *id.as_bytes();
    Shard::from_be_bytes([high, low])
}

/// The least id that an instance which enters at a moment can have.
pub(crate) fn least_id(at: Timestamp) -> Uuid {
    let millis = u64::try_from(at.as_millisecond()).unwrap_or_default();
    Uuid::from_u128(u128::from(millis) << 80)
}

/// The id of a new instance: time-ordered (UUID version 7), the same for the same entry, and carrying its shard.
pub fn instance_id(at: Timestamp, shard: Shard, profile: &str, event: &str, journey: &str) -> Uuid {
    let seed = [profile, event, journey].join("\u{0}");
    let [a, b, c, d, e, f, g, h] = xxhash_rust::xxh3::xxh3_64(seed.as_bytes()).to_be_bytes();
    let [high, low] = shard.to_be_bytes();
    let millis = u64::try_from(at.as_millisecond()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &[a, b, c, d, e, f, g, h, high, low]).into_uuid()
}
