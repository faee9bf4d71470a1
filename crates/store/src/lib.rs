//! Remembers profiles, events, instances and history, in SQLite or PostgreSQL.
//!
//! What comes in: batches of rows that the runtime has decided on. What goes out: the rows a batch of inputs touches,
//! and pages for the dashboard. Deliberately absent: decisions. Every statement on the hot path serves a whole batch.
//!
//! Two implementations of one narrow trait, [`Store`]; one story and one differential test hold them equal.

mod held;
mod postgres;
mod row;
mod sqlite;
mod statements;

use std::{ops::Range, sync::Arc};

use async_trait::async_trait;
use engine::{Instance, Status};
use graph::Name;
use jiff::Timestamp;
use uuid::Uuid;

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

/// What a store must do. One [`Writer`] works on a range of shards at a time; everything else only reads.
#[async_trait]
pub trait Store: Send + Sync {
    /// How many shards the database was created with.
    fn shards(&self) -> u16;
    /// How many writers it is worth to run: one for SQLite, a few for PostgreSQL.
    fn writers(&self) -> u16;
    /// A connection that writes to these shards, having raised their epoch so that earlier writers are fenced off.
    async fn writer(&self, shards: Range<Shard>) -> Result<Box<dyn Writer>, Error>;

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
    /// Whether the database answers.
    async fn ping(&self) -> Result<(), Error>;
}

/// The one writer of a range of shards.
#[async_trait]
pub trait Writer: Send {
    /// The shards it writes.
    fn shards(&self) -> Range<Shard>;
    /// The sequence number of the last applied event of each shard, in order.
    async fn cursors(&mut self) -> Result<Vec<i64>, Error>;
    /// Everything that a batch of inputs touches, in a few statements.
    async fn load(&mut self, wanted: &Wanted) -> Result<Loaded, Error>;
    /// Instances whose moment has come, earliest first, and the moment at which the next one follows.
    async fn due(&mut self, now: Timestamp, limit: u32) -> Result<Due, Error>;
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
    /// Writes a turn in one durable transaction; nothing of it when the epoch is no longer ours.
    async fn commit(&mut self, turn: &Turn) -> Result<(), Error>;
    /// Removes a person in one transaction: profile, events (refused ones too), instances, history, and their places
    /// in the counters.
    async fn erase(&mut self, shard: Shard, profile: &str) -> Result<(), Error>;
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

/// A deployed version of a journey.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// The journey.
    pub journey: Name,
    /// The hash of the source.
    pub version: Name,
    /// The text, complete in itself.
    pub source: Name,
    /// When it was first deployed.
    pub deployed_at: Timestamp,
    /// Whether people enter it now.
    pub current: bool,
}

/// A person's attributes.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The shard the key hashes to.
    pub shard: Shard,
    /// The key that events carry.
    pub key: Name,
    /// The attributes as a JSON object, as they came.
    pub attributes: String,
    /// When the person last entered which journey under which key, and when messages went out to them, as a JSON
    /// object; kept only as far as some rule asks.
    pub entries: String,
    /// When it was first seen.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// An event of the log with what became of it.
#[derive(Clone, Debug, PartialEq)]
pub struct LoggedEvent {
    /// The shard its profile hashes to.
    pub shard: Shard,
    /// Its place in the shard's log, from 1 without gaps.
    pub sequence: i64,
    /// The id its sender gave it; unique per profile.
    pub id: Name,
    /// Its name in the language.
    pub name: Name,
    /// The person.
    pub profile: Name,
    /// When it happened.
    pub at: Timestamp,
    /// When it was taken in.
    pub received_at: Timestamp,
    /// Its properties as a JSON object, as they came.
    pub properties: String,
    /// What became of it, per journey, as a JSON list.
    pub outcome: String,
}

/// What happened to an instance in one turn.
#[derive(Clone, Debug, PartialEq)]
pub struct History {
    /// The shard.
    pub shard: Shard,
    /// The instance.
    pub instance: Uuid,
    /// The instance's turn, from 1.
    pub turn: u32,
    /// When.
    pub at: Timestamp,
    /// The happenings as a JSON list.
    pub happenings: String,
}

/// A place in the history of a profile's instances: pages go on behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Behind {
    /// When.
    pub at: Timestamp,
    /// The instance.
    pub instance: Uuid,
    /// Its turn.
    pub turn: u32,
}

/// An event that was not taken. What could not be read of it is none.
#[derive(Clone, Debug, PartialEq)]
pub struct RefusedEvent {
    /// The shard of the profile; 0 when there is none.
    pub shard: Shard,
    /// Time-ordered (UUID version 7).
    pub id: Uuid,
    /// When it came.
    pub at: Timestamp,
    /// The id its sender gave it.
    pub event_id: Option<String>,
    /// Its name on the wire.
    pub event: Option<String>,
    /// The person.
    pub profile: Option<String>,
    /// The field that is wrong.
    pub field: String,
    /// Why.
    pub reason: String,
    /// The beginning of what came.
    pub body: String,
}

/// How many refused events of a shard are kept.
pub const MOST_REFUSALS: usize = 1_000;

/// A change of a step's counters, or their sums.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Counter {
    /// The shard; 0 in sums.
    pub shard: Shard,
    /// The journey.
    pub journey: Name,
    /// The version.
    pub version: Name,
    /// The step; empty for the journey as a whole (`passed` counts entries there).
    pub step: Name,
    /// How many instances stand there now.
    pub waiting: i64,
    /// How many have passed.
    pub passed: i64,
    /// How many stand there failed.
    pub failed: i64,
    /// How many ended there, in whatever way.
    pub ended: i64,
    /// How many have reached the goal; counted for the journey as a whole.
    pub reached: i64,
}

/// What a batch of inputs touches.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Profiles that are needed, each with its live instances if the flag says so.
    pub profiles: Vec<(Shard, Name, bool)>,
    /// Events whose ids may be known already: shard, profile, id.
    pub events: Vec<(Shard, Name, Name)>,
    /// Instances that are needed, whatever their status.
    pub instances: Vec<(Shard, Uuid)>,
    /// Profiles whose past is needed.
    pub past: Vec<(Shard, Name)>,
    /// The events that count as such, by name.
    pub past_of: Vec<Name>,
    /// Whether it is needed who has come through limits.
    pub limits: bool,
}

/// What was found of [`Wanted`].
#[derive(Clone, Debug, Default)]
pub struct Loaded {
    /// The profiles that exist.
    pub profiles: Vec<Profile>,
    /// The event ids that are known: profile, id.
    pub events: Vec<(Name, Name)>,
    /// The instances, each once.
    pub instances: Vec<Instance>,
    /// The wanted events of the past, earliest first.
    pub past: Vec<LoggedEvent>,
    /// How many people have come through which limit, where anybody has.
    pub limits: Vec<Limit>,
}

/// What is due.
#[derive(Clone, Debug, Default)]
pub struct Due {
    /// The instances, earliest first.
    pub instances: Vec<Instance>,
    /// The earliest moment of all instances that are not among them.
    pub next: Option<Timestamp>,
}

/// All that one turn writes.
#[derive(Clone, Debug, Default)]
pub struct Turn {
    /// New events; the cursor of each shard moves to its last one.
    pub events: Vec<LoggedEvent>,
    /// Events that were refused; the newest [`MOST_REFUSALS`] of each shard are kept.
    pub refusals: Vec<RefusedEvent>,
    /// New and changed profiles.
    pub profiles: Vec<Profile>,
    /// New and changed instances with their shard.
    pub instances: Vec<(Shard, Instance)>,
    /// New history.
    pub history: Vec<History>,
    /// Changes of counters, at most one per shard, journey, version and step.
    pub counters: Vec<Counter>,
    /// How far passes over people have come, at most one per shard and name.
    pub sweeps: Vec<Sweep>,
    /// How many more people come through limits, at most one per limit. Where that would be too many, because another
    /// writer let people through meanwhile, nothing is written.
    pub limits: Vec<Limit>,
}

/// How many people have come through a limit of a journey, or come through it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The journey.
    pub journey: Name,
    /// The limit's name.
    pub name: Name,
    /// How many people.
    pub taken: u32,
    /// How many may come through.
    pub most: u32,
}

/// A pass over the people of a shard, and how far it has come. A new run under the same name takes the place of the one
/// before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// The shard.
    pub shard: Shard,
    /// What it is for: an audience or a journey.
    pub name: Name,
    /// Which run: the version of the audience, or the moment of the journey's schedule.
    pub run: Name,
    /// The key of the last person that it has come by, in the order of the database; empty at the beginning.
    pub after: Name,
    /// Whether it has come by everybody.
    pub done: bool,
}

/// Which instances are listed; each part that is given must fit.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// The journey.
    pub journey: Option<String>,
    /// The version.
    pub version: Option<String>,
    /// The step.
    pub step: Option<String>,
    /// The status.
    pub status: Option<Status>,
    /// The person, with the shard of their key.
    pub profile: Option<(Shard, String)>,
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

/// The id of a new instance: time-ordered (UUID version 7), the same for the same entry, and carrying its shard.
pub fn instance_id(at: Timestamp, shard: Shard, profile: &str, event: &str, journey: &str) -> Uuid {
    let seed = [profile, event, journey].join("\u{0}");
    let [a, b, c, d, e, f, g, h] = xxhash_rust::xxh3::xxh3_64(seed.as_bytes()).to_be_bytes();
    let [high, low] = shard.to_be_bytes();
    let millis = u64::try_from(at.as_millisecond()).unwrap_or_default();
    uuid::Builder::from_unix_timestamp_millis(millis, &[a, b, c, d, e, f, g, h, high, low]).into_uuid()
}
