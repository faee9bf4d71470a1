//! A store that leaves its user in doubt: of some commits it says that they failed, and has made them all the same; others
//! it has not made. Which, is drawn from a seed.

use std::{
    collections::BTreeMap,
    ops::Range,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use engine::Instance;
use graph::Name;
use jiff::Timestamp;
use store::{
    Against, Behind, Counter, Departure, Error, Filter, Granted, History, Leases, Loaded, LoggedEvent, Nodes,
    Profile, RefusedEvent, Shard, Store, Suppression, Sweep, Turn, Version, Wanted, Writer,
};
use uuid::Uuid;

use crate::power::Chance;

/// Which commits fail, and how many have.
#[derive(Debug)]
pub struct Doubts {
    chance: Mutex<Chance>,
    percent: u64,
    panics: AtomicBool,
    /// Commits that were made, and said to have failed.
    pub made: AtomicU64,
    /// Commits that were not made.
    pub not_made: AtomicU64,
    /// Reads that failed.
    pub reads: AtomicU64,
}

impl Doubts {
    /// Of a hundred commits so many fail in each of the two ways; of a hundred reads three fail.
    pub fn new(seed: u64, percent: u64) -> Arc<Doubts> {
        let counts = || AtomicU64::new(0);
        let chance = Mutex::new(Chance(seed));
        let panics = AtomicBool::new(false);
        Arc::new(Doubts { chance, percent, panics, made: counts(), not_made: counts(), reads: counts() })
    }

    /// From now on whoever writes panics.
    pub fn panic(&self) {
        self.panics.store(true, Ordering::Relaxed);
    }

    fn draw(&self) -> u64 {
        self.chance.lock().unwrap_or_else(PoisonError::into_inner).below(100)
    }

    fn doubt<T>(counter: &AtomicU64) -> Result<T, Error> {
        counter.fetch_add(1, Ordering::Relaxed);
        Err(Error::Database(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())))
    }

    /// Before something is written: it may be that it is not.
    fn before(&self) -> Result<u64, Error> {
        assert!(!self.panics.load(Ordering::Relaxed), "a fault that a test wants");
        let drawn = self.draw();
        if drawn < self.percent { Self::doubt(&self.not_made) } else { Ok(drawn) }
    }

    /// After it was written: it may be said that it was not.
    fn after(&self, drawn: u64) -> Result<(), Error> {
        if drawn < 2 * self.percent { Self::doubt(&self.made) } else { Ok(()) }
    }

    fn reads(&self) -> Result<(), Error> {
        if self.draw() < 3 { Self::doubt(&self.reads) } else { Ok(()) }
    }
}

/// A store in doubt.
pub struct Doubtful {
    inner: Arc<dyn Store>,
    doubts: Arc<Doubts>,
}

impl Doubtful {
    /// Puts doubts over a store.
    pub fn over(inner: Arc<dyn Store>, doubts: Arc<Doubts>) -> Arc<dyn Store> {
        Arc::new(Doubtful { inner, doubts })
    }
}

#[async_trait]
impl Store for Doubtful {
    fn shards(&self) -> u16 {
        self.inner.shards()
    }

    fn writers(&self) -> u16 {
        self.inner.writers()
    }

    fn nodes(&self) -> Option<&dyn Nodes> {
        self.inner.nodes()
    }

    async fn take_over(&self, shards: Range<Shard>) -> Result<Leases, Error> {
        self.inner.take_over(shards).await
    }

    async fn writer(&self, leases: Leases) -> Result<Box<dyn Writer>, Error> {
        let inner = self.inner.writer(leases).await?;
        Ok(Box::new(DoubtfulWriter { inner, doubts: self.doubts.clone() }))
    }

    async fn deploy(&self, versions: &[Version]) -> Result<(), Error> {
        self.inner.deploy(versions).await
    }

    async fn versions(&self) -> Result<Vec<Version>, Error> {
        self.inner.versions().await
    }

    async fn profile(&self, shard: Shard, key: &str) -> Result<Option<Profile>, Error> {
        self.inner.profile(shard, key).await
    }

    async fn events(
        &self,
        shard: Shard,
        profile: &str,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<LoggedEvent>, Error> {
        self.inner.events(shard, profile, before, limit).await
    }

    async fn history_of_profile(
        &self,
        shard: Shard,
        profile: &str,
        before: Option<&Behind>,
        limit: u32,
    ) -> Result<Vec<(Name, History)>, Error> {
        self.inner.history_of_profile(shard, profile, before, limit).await
    }

    async fn refusals(
        &self,
        profile: Option<(Shard, &str)>,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<RefusedEvent>, Error> {
        self.inner.refusals(profile, before, limit).await
    }

    async fn history(&self, shard: Shard, instance: Uuid) -> Result<Vec<History>, Error> {
        self.inner.history(shard, instance).await
    }

    async fn instance(&self, shard: Shard, id: Uuid) -> Result<Option<Instance>, Error> {
        self.inner.instance(shard, id).await
    }

    async fn instances(
        &self,
        filter: &Filter,
        before: Option<Uuid>,
        limit: u32,
    ) -> Result<Vec<Instance>, Error> {
        self.inner.instances(filter, before, limit).await
    }

    async fn counters(&self) -> Result<Vec<Counter>, Error> {
        self.inner.counters().await
    }

    async fn claim_slots(&self, connection: &str, slots: u32, apart: Duration) -> Result<Duration, Error> {
        self.inner.claim_slots(connection, slots, apart).await
    }

    async fn claim_share(
        &self,
        connection: &str,
        most: u32,
        window: Duration,
        wanted: u32,
    ) -> Result<Granted, Error> {
        self.inner.claim_share(connection, most, window, wanted).await
    }

    async fn pause(&self, connection: &str, now: Timestamp) -> Result<(), Error> {
        self.inner.pause(connection, now).await
    }

    async fn resume(&self, connection: &str) -> Result<(), Error> {
        self.inner.resume(connection).await
    }

    async fn pauses(&self) -> Result<BTreeMap<Name, Timestamp>, Error> {
        self.inner.pauses().await
    }

    async fn suppress(&self, suppressions: &[Suppression]) -> Result<u64, Error> {
        self.inner.suppress(suppressions).await
    }

    async fn unsuppress(&self, addresses: &[Uuid]) -> Result<u64, Error> {
        self.inner.unsuppress(addresses).await
    }

    async fn depart(&self, departures: &[Departure]) -> Result<u64, Error> {
        self.inner.depart(departures).await
    }

    async fn lift(&self, gone: &[(Uuid, Name)]) -> Result<u64, Error> {
        self.inner.lift(gone).await
    }

    async fn suppressed(&self, addresses: &[Uuid]) -> Result<Against, Error> {
        self.doubts.reads()?;
        self.inner.suppressed(addresses).await
    }

    async fn count_suppressed(&self) -> Result<BTreeMap<Name, u64>, Error> {
        self.inner.count_suppressed().await
    }

    async fn key(&self, name: &str, fresh: &[u8]) -> Result<Vec<u8>, Error> {
        self.inner.key(name, fresh).await
    }

    async fn ping(&self) -> Result<(), Error> {
        self.inner.ping().await
    }
}

struct DoubtfulWriter {
    inner: Box<dyn Writer>,
    doubts: Arc<Doubts>,
}

#[async_trait]
impl Writer for DoubtfulWriter {
    fn held(&self) -> &Leases {
        self.inner.held()
    }

    fn hold(&mut self, leases: Leases) {
        self.inner.hold(leases);
    }

    async fn cursors(&mut self) -> Result<BTreeMap<Shard, i64>, Error> {
        self.inner.cursors().await
    }

    async fn load(&mut self, wanted: &Wanted) -> Result<Loaded, Error> {
        self.doubts.reads()?;
        self.inner.load(wanted).await
    }

    async fn sweeps(&mut self) -> Result<Vec<Sweep>, Error> {
        self.inner.sweeps().await
    }

    async fn people(
        &mut self,
        shard: Shard,
        of: Option<(&str, &str)>,
        after: &str,
        limit: u32,
    ) -> Result<Vec<Name>, Error> {
        self.inner.people(shard, of, after, limit).await
    }

    async fn calling(&mut self, after: Option<Uuid>, limit: u32) -> Result<Vec<Instance>, Error> {
        self.inner.calling(after, limit).await
    }

    async fn commit(&mut self, turn: &Turn) -> Result<(), Error> {
        let drawn = self.doubts.before()?;
        self.inner.commit(turn).await?;
        self.doubts.after(drawn)
    }

    async fn forget_events(&mut self, shard: Shard, before: Timestamp, limit: u32) -> Result<u64, Error> {
        self.inner.forget_events(shard, before, limit).await
    }

    async fn forget_instances(
        &mut self,
        before: Timestamp,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Option<Uuid>, Error> {
        self.inner.forget_instances(before, after, limit).await
    }

    async fn erase(&mut self, shard: Shard, profile: &str, left: &[Departure]) -> Result<(), Error> {
        let drawn = self.doubts.before()?;
        self.inner.erase(shard, profile, left).await?;
        self.doubts.after(drawn)
    }
}
