//! SQLite: one file, two writers that write one after the other, and a few connections that only read.

mod addresses;
pub(crate) mod backup;
pub(crate) mod examine;
mod open;
#[cfg(test)]
mod plans;
mod read;
mod retention;
mod write;

use std::{collections::BTreeMap, ops::Range, sync::Arc, time::Duration};

use async_trait::async_trait;
use engine::Instance;
use graph::Name;
use jiff::Timestamp;
use sqlx::{Connection as _, SqliteConnection, SqlitePool, sqlite::SqliteConnectOptions};
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::{
    Against, Behind, Counter, Departure, Error, Filter, History, Leases, Loaded, LoggedEvent, Nodes, Profile,
    RefusedEvent, Shard, Store, Suppression, Sweep, Turn, Version, Wanted, Writer,
    caps::{Granted, Share},
    held::{Held, LONGEST, beside},
    pauses, row,
    slots::Claim,
    statements, suppressions,
};

/// How long somebody who wants the file waits for another process that has it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whoever holds it may write. SQLite has a lock of its own, but who waits for that looks for it now and then and is
/// overtaken meanwhile; here they stand in line. A checkpoint is part of a write, so no two connections of the process
/// ever write and checkpoint at the same moment, which is what lost commits before 3.51.3.
type Pen = Arc<Mutex<()>>;

pub(crate) struct Sqlite {
    /// How to open a connection that writes.
    options: SqliteConnectOptions,
    pen: Pen,
    readers: SqlitePool,
    /// For what is written beside the turns: leases, versions, the slots of throttles, the shares of caps, pauses, addresses.
    slots: Mutex<Held<SqliteConnection>>,
    shards: u16,
}

impl Sqlite {
    pub(crate) async fn open(url: &str) -> Result<Sqlite, Error> {
        let options = open::options(url)?;
        let shards = open::prepare(&options).await?;
        let readers = open::readers(&options).await?;
        Ok(Sqlite { options, pen: Pen::default(), readers, slots: Mutex::new(Held::none(LONGEST)), shards })
    }
}

/// Runs a statement beside the turns of the writers, while none of them writes.
macro_rules! alone {
    ($store:expr, |$database:ident| $statement:expr) => {{
        let pen = $store.pen.clone();
        beside!($store, |$database| async {
            let _held = pen.lock().await;
            $statement.await
        })
    }};
}

#[async_trait]
impl Store for Sqlite {
    fn shards(&self) -> u16 {
        self.shards
    }

    fn writers(&self) -> u16 {
        // SQLite lets one connection write at a time: while that is the one's, the other reads and decides its next turn.
        2
    }

    fn nodes(&self) -> Option<&dyn Nodes> {
        None
    }

    async fn take_over(&self, shards: Range<Shard>) -> Result<Leases, Error> {
        alone!(self, |database| write::take_over(&mut database, &shards))
    }

    async fn writer(&self, leases: Leases) -> Result<Box<dyn Writer>, Error> {
        let options = self.options.clone();
        let held = Held::new(open::connect(&options).await?, LONGEST);
        Ok(Box::new(SqliteWriter { options, pen: self.pen.clone(), held, leases }))
    }

    async fn deploy(&self, versions: &[Version]) -> Result<(), Error> {
        let deployment = write::Deployment::of(versions)?;
        alone!(self, |database| deployment.write(&mut database))
    }

    async fn versions(&self) -> Result<Vec<Version>, Error> {
        read::versions(&self.readers).await
    }

    async fn profile(&self, shard: Shard, key: &str) -> Result<Option<Profile>, Error> {
        read::profile(&self.readers, shard, key).await
    }

    async fn events(
        &self,
        shard: Shard,
        profile: &str,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<LoggedEvent>, Error> {
        read::events(&self.readers, shard, profile, before, limit).await
    }

    async fn history_of_profile(
        &self,
        shard: Shard,
        profile: &str,
        before: Option<&Behind>,
        limit: u32,
    ) -> Result<Vec<(Name, History)>, Error> {
        read::history_of_profile(&self.readers, shard, profile, before, limit).await
    }

    async fn refusals(
        &self,
        profile: Option<(Shard, &str)>,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<RefusedEvent>, Error> {
        read::refusals(&self.readers, profile, before, limit).await
    }

    async fn history(&self, shard: Shard, instance: Uuid) -> Result<Vec<History>, Error> {
        read::history(&self.readers, shard, instance).await
    }

    async fn instance(&self, shard: Shard, id: Uuid) -> Result<Option<Instance>, Error> {
        read::instance(&self.readers, shard, id).await
    }

    async fn instances(
        &self,
        filter: &Filter,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Instance>, Error> {
        row::all(
            statements::listing(filter, "i.state ->> '$.failure.error.kind'", before, limit)
                .build_query_as::<row::InstanceRow>()
                .fetch_all(&self.readers)
                .await?,
        )
    }

    async fn counters(&self) -> Result<Vec<Counter>, Error> {
        read::counters(&self.readers).await
    }

    async fn claim_slots(&self, connection: &str, slots: u32, apart: Duration) -> Result<Duration, Error> {
        let (connection, claim) = (connection.to_owned(), Claim::of(slots, apart));
        alone!(self, |database| write::claim_slots(&mut database, &connection, &claim))
    }

    async fn claim_share(
        &self,
        connection: &str,
        most: u32,
        window: Duration,
        wanted: u32,
    ) -> Result<Granted, Error> {
        let (connection, share) = (connection.to_owned(), Share::of(most, window, wanted));
        alone!(self, |database| write::claim_share(&mut database, &connection, &share))
    }

    async fn pause(&self, connection: &str, now: Timestamp) -> Result<(), Error> {
        let (connection, now) = (connection.to_owned(), now.as_microsecond());
        alone!(self, |database| write::pause(&mut database, &connection, now))
    }

    async fn resume(&self, connection: &str) -> Result<(), Error> {
        let connection = connection.to_owned();
        alone!(self, |database| write::resume(&mut database, &connection))
    }

    async fn pauses(&self) -> Result<BTreeMap<Name, Timestamp>, Error> {
        let rows = sqlx::query_as(pauses::LIST).fetch_all(&self.readers);
        pauses::read(rows.await?)
    }

    async fn suppress(&self, suppressions: &[Suppression]) -> Result<u64, Error> {
        let suppressions = suppressions.to_vec();
        alone!(self, |database| addresses::suppress(&mut database, &suppressions))
    }

    async fn unsuppress(&self, addresses: &[Uuid]) -> Result<u64, Error> {
        let addresses = addresses.to_vec();
        alone!(self, |database| addresses::unsuppress(&mut database, &addresses))
    }

    async fn depart(&self, departures: &[Departure]) -> Result<u64, Error> {
        let departures = departures.to_vec();
        alone!(self, |database| addresses::depart(&mut database, &departures))
    }

    async fn lift(&self, gone: &[(Uuid, Name)]) -> Result<u64, Error> {
        let gone = gone.to_vec();
        alone!(self, |database| addresses::lift(&mut database, &gone))
    }

    async fn suppressed(&self, addresses: &[Uuid]) -> Result<Against, Error> {
        read::suppressed(&self.readers, addresses).await
    }

    async fn count_suppressed(&self) -> Result<BTreeMap<Name, u64>, Error> {
        let rows = sqlx::query_as(suppressions::COUNT).fetch_all(&self.readers);
        Ok(suppressions::counted(rows.await?))
    }

    async fn key(&self, name: &str, fresh: &[u8]) -> Result<Vec<u8>, Error> {
        let (name, fresh) = (name.to_owned(), fresh.to_vec());
        alone!(self, |database| write::key(&mut database, &name, &fresh))
    }

    async fn ping(&self) -> Result<(), Error> {
        sqlx::query("SELECT 1").execute(&self.readers).await?;
        Ok(())
    }
}

struct SqliteWriter {
    options: SqliteConnectOptions,
    pen: Pen,
    held: Held<SqliteConnection>,
    leases: Leases,
}

#[async_trait]
impl Writer for SqliteWriter {
    fn held(&self) -> &Leases {
        &self.leases
    }

    fn hold(&mut self, leases: Leases) {
        self.leases = leases;
    }

    async fn cursors(&mut self) -> Result<BTreeMap<Shard, i64>, Error> {
        let shards = read::shards(&self.leases)?;
        let work = |mut connection| async move {
            let cursors = read::cursors(&mut connection, &shards).await;
            (connection, cursors)
        };
        self.held.run(open::connect(&self.options), work).await
    }

    async fn load(&mut self, wanted: &Wanted) -> Result<Loaded, Error> {
        let keys = read::Keys::of(wanted, &self.leases)?;
        let work = |mut connection| async move {
            let loaded = keys.load(&mut connection).await;
            (connection, loaded)
        };
        self.held.run(open::connect(&self.options), work).await
    }

    async fn sweeps(&mut self) -> Result<Vec<Sweep>, Error> {
        let shards = read::shards(&self.leases)?;
        let work = |mut connection| async move {
            let sweeps = read::sweeps(&mut connection, &shards).await;
            (connection, sweeps)
        };
        self.held.run(open::connect(&self.options), work).await
    }

    async fn people(
        &mut self,
        shard: Shard,
        of: Option<(&str, &str)>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Name>, Error> {
        let of = of.map(|(audience, step)| (audience.to_owned(), step.to_owned()));
        let after = after.to_owned();
        let work = move |mut connection| async move {
            let of = of.as_ref().map(|(audience, step)| (audience.as_str(), step.as_str()));
            let people = read::people(&mut connection, shard, of, &after, limit).await;
            (connection, people)
        };
        self.held.run(open::connect(&self.options), work).await
    }

    async fn calling(&mut self, after: Option<Uuid>, limit: u32) -> Result<Vec<Instance>, Error> {
        let shards = read::shards(&self.leases)?;
        let work = move |mut connection| async move {
            let calling = read::calling(&mut connection, &shards, after, limit).await;
            (connection, calling)
        };
        self.held.run(open::connect(&self.options), work).await
    }

    async fn commit(&mut self, turn: &Turn) -> Result<(), Error> {
        let Some(batch) = write::Batch::of(turn, &self.leases)? else { return Ok(()) };
        let pen = self.pen.clone();
        let work = |mut connection| async move {
            let _held = pen.lock().await;
            let committed = batch.commit(&mut connection).await;
            (connection, committed)
        };
        self.held.run(open::connect(&self.options), work).await
    }

    async fn forget_events(&mut self, shard: Shard, before: Timestamp, limit: u32) -> Result<u64, Error> {
        let pen = self.pen.clone();
        let work = move |mut connection| async move {
            let _held = pen.lock().await;
            let forgotten = retention::forget_events(&mut connection, shard, before, limit).await;
            (connection, forgotten)
        };
        self.held.run(open::connect(&self.options), work).await
    }

    async fn forget_instances(
        &mut self,
        before: Timestamp,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Option<Uuid>, Error> {
        let shards = read::shards(&self.leases)?;
        let pen = self.pen.clone();
        let work = move |mut connection| async move {
            let _held = pen.lock().await;
            let last = retention::forget_instances(&mut connection, &shards, before, after, limit).await;
            (connection, last)
        };
        self.held.run(open::connect(&self.options), work).await
    }

    async fn erase(&mut self, shard: Shard, profile: &str, left: &[Departure]) -> Result<(), Error> {
        let (profile, epoch) = (profile.to_owned(), row::epoch(shard, &self.leases)?);
        let left = left.to_vec();
        let pen = self.pen.clone();
        let work = move |mut connection| async move {
            let _held = pen.lock().await;
            let erased = write::erase(&mut connection, epoch, shard, &profile, &left).await;
            (connection, erased)
        };
        self.held.run(open::connect(&self.options), work).await
    }
}

/// Begins a transaction that writes. It takes the lock at once: one that began by reading could not wait for it later.
async fn begin(connection: &mut SqliteConnection) -> Result<sqlx::Transaction<'_, sqlx::Sqlite>, Error> {
    Ok(connection.begin_with("BEGIN IMMEDIATE").await?)
}
