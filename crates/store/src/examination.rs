//! What a database is found to be like: facts for whoever says what they mean.
//!
//! What comes in: a URL. What goes out: plain facts, read without changing anything: no migration, no lease, no row, no
//! file. Deliberately absent: thresholds and words, for whether a fact is good is not the store's to say. Every statement
//! is bounded or an estimate, so that examining a big database costs it nothing.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use jiff::Timestamp;
use sqlx::migrate::Migrator;

use crate::{Error, postgres, sqlite};

/// Rows that are counted go no further than this.
pub const MOST_COUNTED: u64 = 1_000;
/// How long what is due waits before somebody must wonder.
pub(crate) const OVERDUE: Duration = Duration::from_mins(1);
/// How long a call is under way before somebody must wonder.
pub(crate) const LONG_CALL: Duration = Duration::from_hours(1);
/// How far back refused events are looked for.
pub(crate) const RECENT: Duration = Duration::from_hours(1);
/// How long a session holds a transaction or a snapshot before it is reported.
pub(crate) const LONG_SESSION: Duration = Duration::from_mins(1);

/// What a database is like.
#[derive(Clone, Debug)]
pub enum Examination {
    /// There is no such file yet: the server makes it.
    Absent(PathBuf),
    /// An SQLite file.
    Sqlite(Box<SqliteFacts>),
    /// A PostgreSQL database.
    Postgres(Box<PostgresFacts>),
}

/// What an SQLite file is like.
#[derive(Clone, Debug)]
pub struct SqliteFacts {
    /// The file.
    pub path: PathBuf,
    /// The version of SQLite in this program.
    pub version: String,
    /// Whether that version keeps what it commits.
    pub keeps_commits: bool,
    /// Whether the file is in WAL mode.
    pub wal: bool,
    /// The size of the file in bytes.
    pub size: u64,
    /// The size of the write-ahead log beside it in bytes.
    pub wal_size: u64,
    /// The file system that it is on, if that can be told.
    pub disk: Option<Disk>,
    /// What `PRAGMA quick_check` found, if it was asked for; nothing when all is well.
    pub damage: Option<Vec<String>>,
    /// The schema.
    pub schema: Schema,
    /// What is being done; none where the schema is not ours to read.
    pub work: Option<Work>,
}

/// A file system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disk {
    /// Bytes that this user may still fill.
    pub free: u64,
    /// All bytes.
    pub total: u64,
    /// The kind of a file system that is not on this machine or not in its kernel, such as `NFS`.
    pub remote: Option<&'static str>,
}

/// What a PostgreSQL database is like.
#[derive(Clone, Debug)]
pub struct PostgresFacts {
    /// The server's version, such as `17.2`.
    pub version: String,
    /// The user that was examined as.
    pub user: String,
    /// The settings that matter, by name.
    pub settings: Vec<(String, String)>,
    /// Connections that everybody has to this server.
    pub connections: u64,
    /// The server's clock minus this machine's, in milliseconds.
    pub ahead: i64,
    /// Sessions whose transactions this user may not see.
    pub hidden_sessions: u64,
    /// Sessions that hold a transaction or snapshot for more than a minute, the longest first.
    pub holders: Vec<Holder>,
    /// The tables of this schema.
    pub tables: Vec<Table>,
    /// The nodes that the database remembers, dead ones too.
    pub nodes: Vec<NodeFacts>,
    /// How many shards there are.
    pub shards: u64,
    /// The shards that nobody alive holds.
    pub unheld: Vec<i16>,
    /// The schema.
    pub schema: Schema,
    /// What is being done; none where the schema is not ours to read.
    pub work: Option<Work>,
}

/// A session that holds a transaction or a snapshot.
#[derive(Clone, Debug)]
pub struct Holder {
    /// The process that serves it.
    pub pid: i32,
    /// What the client calls itself.
    pub application: String,
    /// Whose session it is.
    pub user: String,
    /// Whether it does nothing but hold.
    pub idle: bool,
    /// For how many seconds.
    pub seconds: i64,
}

/// A table and what the server's statistics say of it.
#[derive(Clone, Debug)]
pub struct Table {
    /// Its name.
    pub name: String,
    /// Rows, estimated.
    pub rows: u64,
    /// Rows that are gone and still take space, estimated.
    pub dead: u64,
    /// Whether the planner ever learnt about its rows.
    pub analysed: bool,
    /// How many seconds ago it was vacuumed, if ever.
    pub vacuumed: Option<i64>,
}

/// A node that the database remembers.
#[derive(Clone, Debug)]
pub struct NodeFacts {
    /// Where other nodes reach it.
    pub address: String,
    /// Whether its lease holds.
    pub alive: bool,
    /// How many seconds ago its lease ran out; negative while it holds.
    pub silent: i64,
    /// How many shards it holds.
    pub shards: u64,
}

/// The schema against the one that this program knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// Whether nothing was ever made in it.
    pub empty: bool,
    /// The migrations that are still to be done, by number and name.
    pub missing: Vec<String>,
    /// The migrations that this program does not know.
    pub unknown: Vec<i64>,
    /// The migrations that were begun and not ended, or differ from those of this program.
    pub broken: Vec<String>,
}

impl Schema {
    /// Whether this program can read what is in it.
    pub(crate) fn readable(&self) -> bool {
        !self.empty && self.missing.is_empty()
    }
}

/// Rows, counted up to [`MOST_COUNTED`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted(pub u64);

impl Counted {
    pub(crate) fn of(found: i64) -> Counted {
        Counted(u64::try_from(found).unwrap_or_default().min(MOST_COUNTED))
    }
}

/// What is being done, and what stays undone.
#[derive(Clone, Debug, Default)]
pub struct Work {
    /// Instances that have been due for more than a minute.
    pub overdue: Counted,
    /// When the first of them was due.
    pub overdue_since: Option<Timestamp>,
    /// Instances that have failed and wait for an operator.
    pub failed: Counted,
    /// Calls that have been under way for more than an hour.
    pub long_calls: Counted,
    /// Events that were refused in the last hour.
    pub refused: Counted,
    /// The versions that somebody is in.
    pub inhabited: Vec<Inhabited>,
    /// Events in the log, estimated.
    pub events: u64,
    /// Rows of history, estimated.
    pub history: u64,
    /// Instances, estimated.
    pub instances: u64,
}

/// A version that somebody is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inhabited {
    /// The journey or audience.
    pub journey: String,
    /// The version.
    pub version: String,
    /// How many are in it.
    pub people: u64,
    /// Its text; none when it was never deployed.
    pub source: Option<String>,
}

/// Looks at the database that a URL names, and changes nothing. `deep` reads a whole SQLite file for damage.
///
/// # Errors
/// When the URL is of no known kind, or the database cannot be reached or read.
pub async fn examine(url: &str, deep: bool) -> Result<Examination, Error> {
    if url.starts_with("sqlite:") {
        sqlite::examine::examine(url, deep).await
    } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        let facts = postgres::examine::examine(url).await?;
        Ok(Examination::Postgres(Box::new(facts)))
    } else {
        Err(Error::Unsuitable("a database URL begins with sqlite: or postgres://".into()))
    }
}

/// A migration as the database remembers it: its number, whether it ended, its checksum.
pub(crate) type Applied = (i64, bool, Vec<u8>);

/// Compares the migrations that were done with those that this program knows.
pub(crate) fn compare(known: &Migrator, applied: Option<&[Applied]>) -> Schema {
    let applied = applied.unwrap_or_default();
    let done: BTreeSet<i64> = applied.iter().map(|(number, ..)| *number).collect();
    let named = |number: i64, name: &str| format!("{number:04}_{}", name.replace(' ', "_"));
    let (mut missing, mut broken) = (Vec::new(), Vec::new());
    for migration in known.iter() {
        let name = named(migration.version, &migration.description);
        match applied.iter().find(|(number, ..)| *number == migration.version) {
            None => missing.push(name),
            Some((_, ended, checksum)) if !ended || **checksum != *migration.checksum => broken.push(name),
            Some(_) => {}
        }
    }
    let ours: BTreeSet<i64> = known.iter().map(|migration| migration.version).collect();
    let unknown = done.difference(&ours).copied().collect();
    Schema { empty: applied.is_empty(), missing, unknown, broken }
}

/// Microseconds since 1970 of so long ago.
pub(crate) fn ago(now: Timestamp, span: Duration) -> i64 {
    now.as_microsecond() - i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// The versions that somebody is in, as rows: journey, version, people, text.
pub(crate) fn inhabited(rows: Vec<(String, String, i64, Option<String>)>) -> Vec<Inhabited> {
    let one = |(journey, version, people, source)| Inhabited {
        journey,
        version,
        people: u64::try_from(people).unwrap_or_default(),
        source,
    };
    rows.into_iter().map(one).collect()
}

/// The versions that somebody is in, by the counters of whole journeys (the empty step).
pub(crate) const INHABITED: &str = "SELECT c.journey, c.version, c.people, v.source FROM \
     (SELECT journey, version, CAST(sum(waiting + failed) AS BIGINT) AS people FROM counters WHERE step = '' \
     GROUP BY journey, version) AS c LEFT JOIN versions AS v ON v.journey = c.journey AND v.version = c.version \
     WHERE c.people > 0 ORDER BY c.journey, c.version LIMIT 1000";
