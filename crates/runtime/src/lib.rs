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

mod alarm;
mod ask;
mod breaker;
mod budget;
mod cache;
mod calls;
mod cap;
mod catalog;
mod check;
mod command;
mod count;
mod dispatch;
mod hooks;
mod inputs;
mod intake;
mod known;
mod lane;
mod links;
mod look;
mod node;
mod operate;
mod pauses;
mod places;
mod profile;
mod reactions;
mod retention;
mod room;
mod route;
mod subscriptions;
mod suppressed;
mod sweep;
mod tally;
mod tenure;
mod throttle;
mod turn;
pub mod wire;
mod witness;
mod worker;

use std::sync::Arc;

pub use connect::{Delivery, Host, Trace};
use connect::{Partners, Peers};
use graph::Name;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::{Leases, Node, Shard, Store, shard_of};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

pub use breaker::Stands;
pub use calls::{Calls, NodeCalls};
pub use catalog::{Catalog, DeployError};
pub use check::{Incoming, Received, Refusal, What, check_key, check_person};
pub use engine::{Outcome, link::WayBack};
pub use hooks::Heard;
pub use lane::LaneReport;
pub use look::{LookError, Looked, Wanted};
pub use operate::Operated;
pub use profile::{ProfileChange, read_for_entry};
pub use reactions::Done;
pub use retention::Retention;
pub use room::Room;
pub use subscriptions::Subscription;
pub use suppressed::Listed;
pub use tally::ActionCalls;
pub use witness::{Answered, Attempted, Called, Entry, Witness};

use alarm::Alarms;
use ask::{Ask, Told};
use command::Command;
use dispatch::{Calling, Dispatcher};
use known::Known;
use lane::Lanes;
use links::SealedLinks;
use pauses::Pauses;
use retention::Forgetting;
use route::Routes;
use tally::Tally;
use tenure::Tenures;
use worker::Worker;

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
    calling: Arc<Calling>,
    clock: Clock,
    /// This node, if it shares the database with others.
    node: Option<Arc<Node>>,
    peers: Peers,
    links: Arc<SealedLinks>,
    routes: Arc<Routes>,
    workers: Vec<mpsc::Sender<Command>>,
    /// The memory that is left for requests which wait to be written.
    room: Arc<Semaphore>,
    stop: Stop,
    /// The workers.
    writing: TaskTracker,
    /// Calls under way, and whatever else goes on until the workers are done.
    tasks: TaskTracker,
    /// Orders the ids of refused events that came in the same millisecond.
    refusal_ids: std::sync::Mutex<uuid::ContextV7>,
}

/// How a runtime comes to its end.
#[derive(Clone, Default)]
pub(crate) struct Stop {
    /// Nothing new is begun any more; what is under way is finished.
    begun: CancellationToken,
    /// What is not finished by now is left for the next start.
    over: CancellationToken,
}

/// What a runtime is started with.
pub struct Setup {
    /// What it remembers with.
    pub store: Arc<dyn Store>,
    /// The journeys that run.
    pub catalog: Arc<Catalog>,
    /// Whom journeys call.
    pub partners: Partners,
    /// What other nodes are spoken to with.
    pub peers: Peers,
    /// Where the present moment comes from.
    pub clock: Clock,
    /// How long things are kept.
    pub retention: Retention,
    /// Where this server is reached from outside, for the links in messages; none if no message has any.
    pub public_url: Option<String>,
    /// Where other nodes reach this one, as in `http://10.0.0.7:7070`; none for a process that has the database to
    /// itself, which then takes it over from whoever had it.
    pub address: Option<String>,
    /// Whoever records traces.
    pub witness: Option<Arc<dyn Witness>>,
}

/// Why a command was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// More is asked than can be done; it may be asked again in a moment.
    #[error("too much is waiting to be written; try again in a second")]
    Overloaded,
    /// Nobody has the person's shard for the moment.
    #[error("the node that has this person cannot be reached; try again in a second")]
    Moved,
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Receipt {
    /// It is durable and has been applied; what it did, per journey.
    Accepted(Vec<Outcome>),
    /// An event of this id was taken before.
    Duplicate,
}

/// What became of a profile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ProfileAnswer {
    /// It is stored like this.
    Stored(store::Profile),
    /// It does not fit the declared profile.
    Misfit(graph::types::Misfit),
}

impl Runtime {
    /// Starts the workers over a store, and has them take their share of its shards.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn start(setup: Setup) -> Result<Runtime, store::Error> {
        let (stop, writing, tasks) = (Stop::default(), TaskTracker::new(), TaskTracker::new());
        let routes = Arc::new(Routes::new(setup.store.shards()));
        let address = setup.address.clone().filter(|_| setup.store.nodes().is_some());
        let connections = setup.catalog.project().connections.values();
        let pauses = Arc::new(Pauses::open(setup.store.clone()).await?);
        let links = Arc::new(SealedLinks::open(&*setup.store, setup.public_url.as_deref()).await?);
        let calling = Arc::new(Calling {
            partners: setup.partners.clone(),
            lanes: Lanes::new(connections, setup.store.clone(), pauses.clone()),
            tenures: Tenures::new(stop.begun.clone()),
            answers: cache::Answers::new(),
            tally: Tally::default(),
            alarms: Alarms::default(),
            witness: setup.witness.clone(),
            tasks: tasks.clone(),
            stop: stop.clone(),
        });
        let mut workers = Vec::new();
        for _ in 0..setup.store.writers().max(1) {
            let (reports, commands) = mpsc::channel(QUEUE);
            let worker = Worker {
                store: setup.store.clone(),
                writer: setup.store.writer(Leases::new()).await?,
                catalog: setup.catalog.clone(),
                links: links.clone(),
                dispatcher: Dispatcher { calling: calling.clone(), reports: reports.clone() },
                clock: setup.clock.clone(),
                commands,
                routes: routes.clone(),
                stop: stop.clone(),
                shares: address.is_some(),
                forgetting: Forgetting::new(setup.retention, (setup.clock)()),
                known: Known::default(),
            };
            // Whatever ends a worker, a fault of ours too, ends all: nobody would know that its people stand still.
            let ends = stop.begun.clone().drop_guard();
            writing.spawn(async move {
                worker.run().await;
                drop(ends);
            });
            workers.push(reports);
        }
        tasks.spawn(pauses.watch(workers.clone(), stop.clone()));
        let node = node::take_part(&setup, address, &workers, &routes, &calling).await?;
        let Setup { store, catalog, peers, clock, .. } = setup;
        let shared = Shared {
            store,
            catalog,
            calling,
            clock,
            node,
            peers,
            links,
            routes,
            workers,
            room: room::all(),
            stop,
            writing,
            tasks,
            refusal_ids: std::sync::Mutex::new(uuid::ContextV7::new()),
        };
        let runtime = Runtime { shared: Arc::new(shared) };
        runtime.shared.tasks.spawn(alarm::watch(runtime.clone()));
        Ok(runtime)
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
        &self.shared.calling.partners
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
        self.shared.stop.begun.cancelled().await;
    }

    /// Whether the workers run.
    pub fn is_running(&self) -> bool {
        !self.shared.stop.begun.is_cancelled()
    }

    /// Stops: what has been taken is finished, and calls under way are waited for, though not for ever. The shards, and
    /// calls that have not begun, are left for other nodes or the next start.
    pub async fn stop(&self) {
        self.shared.stop.begun.cancel();
        self.shared.writing.close();
        self.shared.writing.wait().await;
        self.shared.stop.over.cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
        if let (Some(nodes), Some(node)) = (self.shared.store.nodes(), &self.shared.node)
            && let Err(error) = nodes.leave(node.id).await
        {
            // Its lease runs out by itself.
            tracing::warn!(error = &error as &dyn std::error::Error, "this node could not take its leave");
        }
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
        match self.ask(Ask::Profile { shard, key: key.into(), change }).await? {
            Told::Profile(answer) => Ok(answer),
            Told::Erased | Told::Operated(_) => Err(Error::NotWritten),
        }
    }

    /// Erases a person: profile, events, instances and history.
    ///
    /// # Errors
    /// When nothing can be taken now, or whether it was is unknown.
    pub async fn erase_profile(&self, key: &str) -> Result<(), Error> {
        let shard = self.shard_of(key);
        self.ask(Ask::Erase { shard, key: key.into() }).await.map(drop)
    }

    /// Whether this node has the first shard: of several nodes one does.
    pub fn has_first_shard(&self) -> bool {
        matches!(self.routes().place(0), route::Place::Here(_))
    }

    fn public_url(&self) -> Option<&str> {
        self.shared.links.public_url()
    }

    fn pauses(&self) -> &Pauses {
        self.shared.calling.lanes.pauses()
    }

    fn routes(&self) -> &Routes {
        &self.shared.routes
    }

    fn node(&self) -> Option<&Node> {
        self.shared.node.as_deref()
    }

    fn peers(&self) -> &Peers {
        &self.shared.peers
    }

    fn send(&self, worker: usize, command: Command) -> Result<(), Error> {
        let Some(sender) = self.shared.workers.get(worker) else { return Err(Error::Stopping) };
        sender.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => Error::Overloaded,
            mpsc::error::TrySendError::Closed(_) => Error::Stopping,
        })
    }
}

/// The name of a journey and its version.
pub(crate) type VersionKey = (Name, Name);
