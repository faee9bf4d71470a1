//! Brings inputs to the engine and carries its effects out.
//!
//! What comes in: events, profile changes and commands from the API; answers from partners; the passing of time. What
//! goes out: acknowledgements once durable, calls to partners. Deliberately absent: knowledge of step kinds, SQL.
//!
//! **One door.** Only [`turn`] changes instances: a [`worker`] gathers a batch of inputs, loads what they touch, has
//! every one decided in memory, and commits all of it, the event log's cursor included, in one transaction. Batches
//! form by draining, not by waiting: an idle system commits at once, a busy one batches by itself.
//!
//! **Wake-ups carry no data.** What a worker is told in memory (an answer, a moment that has come) is in the store as
//! well: a call under way is found again when its lease runs out, a due instance by its `due_at`.

mod catalog;
mod check;
mod count;
mod dispatch;
mod profile;
mod sweep;
mod turn;
mod worker;

use std::{collections::BTreeMap, sync::Arc};

use connect::Partners;
use engine::{Ignored, Operation};
use graph::Name;
use jiff::Timestamp;
use store::{Shard, Store, shard_of};
use tokio::sync::{mpsc, oneshot};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

pub use catalog::{Catalog, DeployError};
pub use check::{Incoming, Received, Refusal, What, check_key};
pub use engine::Outcome;
pub use profile::{ProfileChange, read_for_entry};

use worker::{Command, Worker};

/// How many commands may wait for a worker before new ones are turned away.
const QUEUE: usize = 4_096;

/// Where the present moment comes from.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The wall clock, in microseconds.
pub fn wall_clock() -> Clock {
    Arc::new(|| {
        Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap_or(Timestamp::UNIX_EPOCH)
    })
}

/// A running orchestrator; cheap to clone.
#[derive(Clone)]
pub struct Runtime {
    shared: Arc<Shared>,
}

struct Shared {
    store: Arc<dyn Store>,
    catalog: Arc<Catalog>,
    partners: Partners,
    clock: Clock,
    workers: Vec<mpsc::Sender<Command>>,
    stop: CancellationToken,
    tasks: TaskTracker,
    /// Orders the ids of refused events that came in the same millisecond.
    refusal_ids: std::sync::Mutex<uuid::ContextV7>,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// More is asked than can be done; it may be asked again in a moment.
    #[error("too much is waiting to be written; try again in a second")]
    Overloaded,
    /// The runtime stops or has stopped.
    #[error("the server is stopping")]
    Stopping,
    /// The store failed; nothing was acknowledged.
    #[error("the database could not be written; nothing was kept")]
    Store(#[from] store::Error),
    /// The store failed while a batch was written; whether it was kept is not known, and the same ids may be sent again.
    #[error("the database could not be written; send the same events again")]
    NotWritten,
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Receipt {
    /// It is durable and has been applied; what it did, per journey.
    Accepted(Vec<Outcome>),
    /// An event of this id was taken before.
    Duplicate,
}

/// What became of a profile.
#[derive(Clone, Debug, PartialEq)]
pub enum ProfileAnswer {
    /// It is stored like this.
    Stored(store::Profile),
    /// It does not fit the declared profile.
    Misfit(graph::types::Misfit),
}

impl Runtime {
    /// Starts the workers over a store.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn start(
        store: Arc<dyn Store>,
        catalog: Arc<Catalog>,
        partners: Partners,
        clock: Clock,
    ) -> Result<Runtime, store::Error> {
        let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
        let mut workers = Vec::new();
        let (shards, count) = (store.shards(), store.writers().max(1));
        for index in 0..count {
            let range = share(shards, count, index)..share(shards, count, index + 1);
            let writer = store.writer(range).await?;
            let (sender, receiver) = mpsc::channel(QUEUE);
            let dispatcher =
                dispatch::Dispatcher::new(partners.clone(), sender.clone(), tasks.clone(), stop.clone());
            let worker = Worker::new(
                writer,
                catalog.clone(),
                dispatcher,
                clock.clone(),
                receiver,
                stop.clone(),
                shards,
            )
            .await?;
            tasks.spawn(worker.run());
            workers.push(sender);
        }
        let refusal_ids = std::sync::Mutex::new(uuid::ContextV7::new());
        let shared = Shared { store, catalog, partners, clock, workers, stop, tasks, refusal_ids };
        Ok(Runtime { shared: Arc::new(shared) })
    }

    /// The store, for reading.
    pub fn store(&self) -> &dyn Store {
        &*self.shared.store
    }

    /// The journeys that run.
    pub fn catalog(&self) -> &Catalog {
        &self.shared.catalog
    }

    /// The partners, for previews.
    pub fn partners(&self) -> &Partners {
        &self.shared.partners
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        (self.shared.clock)()
    }

    /// The shard of a profile's key.
    pub fn shard_of(&self, profile: &str) -> Shard {
        shard_of(profile, self.shared.store.shards())
    }

    /// Resolves when the runtime has been told to stop, or had to.
    pub async fn stopping(&self) {
        self.shared.stop.cancelled().await;
    }

    /// Whether the workers run.
    pub fn is_running(&self) -> bool {
        !self.shared.stop.is_cancelled()
    }

    /// Stops: what has been taken is finished, waiting calls are left for the next start.
    pub async fn stop(&self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
    }

    /// Checks events against their declared shapes and takes those that fit; gives a verdict for each, in order, once
    /// all that were taken are durable, and the refused ones are on record.
    ///
    /// # Errors
    /// When nothing can be taken now, or whether it was is unknown.
    pub async fn take_events(
        &self,
        events: Vec<Received<'_>>,
    ) -> Result<Vec<Result<Receipt, Refusal>>, Error> {
        let (now, shards) = (self.now(), self.shared.store.shards());
        let mut verdicts: Vec<Option<Result<Receipt, Refusal>>> = Vec::with_capacity(events.len());
        let mut shares: BTreeMap<usize, Share> = BTreeMap::new();
        for (index, received) in events.into_iter().enumerate() {
            let checked = match &received.event {
                Ok(event) => check::check(&self.shared.catalog, event, now, shards),
                Err(refusal) => Err(refusal.clone()),
            };
            match checked {
                Err(refusal) => {
                    metrics::counter!("wayfare_events_total", "outcome" => "refused").increment(1);
                    let refused = check::refused(&received, &refusal, self.refusal_id(now), now, shards);
                    shares.entry(self.worker_of(refused.shard)).or_default().refused.push(refused);
                    verdicts.push(Some(Err(refusal)));
                }
                Ok(event) => {
                    verdicts.push(None);
                    let share = shares.entry(self.worker_of(event.shard)).or_default();
                    share.places.push(index);
                    share.batch.push(event);
                }
            }
        }
        let mut waiting = Vec::with_capacity(shares.len());
        for (worker, Share { places, batch, refused }) in shares {
            let (reply, answer) = oneshot::channel();
            self.send(worker, Command::Events { batch, refused, reply })?;
            waiting.push((places, answer));
        }
        for (places, answer) in waiting {
            let receipts = answer.await.map_err(|_| Error::Stopping)??;
            for (place, receipt) in places.into_iter().zip(receipts) {
                if let Some(slot) = verdicts.get_mut(place) {
                    *slot = Some(Ok(receipt));
                }
            }
        }
        verdicts.into_iter().map(|verdict| verdict.ok_or(Error::NotWritten)).collect()
    }

    fn refusal_id(&self, now: Timestamp) -> Uuid {
        let seconds = u64::try_from(now.as_second()).unwrap_or_default();
        let nanos = u32::try_from(now.subsec_nanosecond()).unwrap_or_default();
        Uuid::new_v7(uuid::Timestamp::from_unix(&self.shared.refusal_ids, seconds, nanos))
    }

    /// Changes a profile.
    ///
    /// # Errors
    /// When nothing can be taken now, or whether it was is unknown.
    pub async fn change_profile(&self, key: &str, change: ProfileChange) -> Result<ProfileAnswer, Error> {
        let shard = self.shard_of(key);
        let (reply, answer) = oneshot::channel();
        self.send(self.worker_of(shard), Command::Profile { shard, key: key.into(), change, reply })?;
        answer.await.map_err(|_| Error::Stopping)?
    }

    /// Erases a person: profile, events, instances and history.
    ///
    /// # Errors
    /// When nothing can be taken now, or whether it was is unknown.
    pub async fn erase_profile(&self, key: &str) -> Result<(), Error> {
        let shard = self.shard_of(key);
        let (reply, answer) = oneshot::channel();
        self.send(self.worker_of(shard), Command::Erase { shard, key: key.into(), reply })?;
        answer.await.map_err(|_| Error::Stopping)?
    }

    /// Does what an operator asks with an instance; none when there is no such instance.
    ///
    /// # Errors
    /// When nothing can be taken now, or whether it was is unknown.
    pub async fn operate(
        &self,
        id: Uuid,
        operation: Operation,
    ) -> Result<Option<Result<(), Ignored>>, Error> {
        let shard = store::shard_in(id);
        let Some(instance) = self.shared.store.instance(shard, id).await? else { return Ok(None) };
        let (reply, answer) = oneshot::channel();
        let command = Command::Operate { shard, profile: instance.profile, id, operation, reply };
        self.send(self.worker_of(shard), command)?;
        answer.await.map_err(|_| Error::Stopping)?.map(Some)
    }

    fn worker_of(&self, shard: Shard) -> usize {
        let (shards, count) = (self.shared.store.shards(), self.shared.store.writers().max(1));
        (0..count).find(|index| shard < share(shards, count, index + 1)).map_or(0, usize::from)
    }

    fn send(&self, worker: usize, command: Command) -> Result<(), Error> {
        let Some(sender) = self.shared.workers.get(worker) else { return Err(Error::Stopping) };
        sender.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Error::Overloaded,
            mpsc::error::TrySendError::Closed(_) => Error::Stopping,
        })
    }
}

/// What of a request is for one worker.
#[derive(Default)]
struct Share {
    /// The places of the events in the request.
    places: Vec<usize>,
    batch: Vec<turn::NewEvent>,
    refused: Vec<store::RefusedEvent>,
}

/// Where the share of worker `index` of `count` begins.
fn share(shards: u16, count: u16, index: u16) -> Shard {
    Shard::try_from(u32::from(shards) * u32::from(index) / u32::from(count.max(1))).unwrap_or(shards)
}

/// The name of a journey and its version.
pub(crate) type VersionKey = (Name, Name);
