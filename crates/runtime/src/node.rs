//! This node among others on the same database: it keeps its lease, takes its share of the shards, gives back what is
//! more than that, and knows who has the rest.
//!
//! There is no leader and no vote. Every node sees the same few rows and works the same sum: the shards divided by the
//! nodes that are alive, rounded up. Who has fewer takes what nobody alive holds; who has more gives back. Were two of
//! them to see it differently for a moment, the epochs of the leases still let only one write.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use store::{Leases, Node, Nodes, Shard, Store, Survey};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::{
    Setup,
    command::Command,
    dispatch::Calling,
    route::{Place, Routes},
    tenure::Leaving,
};

/// How often a node says that it is alive, and looks around.
const BEAT: Duration = Duration::from_secs(1);
/// The least time between two looks, however much is found to be wrong.
const LEAST: Duration = Duration::from_millis(50);

/// A process that begins to share the database with others: it is a new node, whoever was at its address before.
fn new(address: String) -> Node {
    let key = [Uuid::new_v4(), Uuid::new_v4()].map(|half| half.simple().to_string()).concat();
    Node { id: Uuid::new_v4(), address, key }
}

/// Takes this node's share of the shards, or all of them where one process has the database to itself.
pub(crate) async fn take_part(
    setup: &Setup,
    address: Option<String>,
    workers: &[mpsc::Sender<Command>],
    routes: &Arc<Routes>,
    calling: &Arc<Calling>,
) -> Result<Option<Arc<Node>>, store::Error> {
    let hands = Hands { workers: workers.to_vec(), calling: calling.clone() };
    let Some(address) = address else {
        take_all(&*setup.store, &hands, routes).await?;
        return Ok(None);
    };
    let node = Arc::new(new(address));
    let member = Member::join(node.clone(), setup.store.clone(), hands, routes.clone());
    calling.tasks.spawn(member.await?.run());
    Ok(Some(node))
}

/// Takes all shards for the workers of a process that has the database to itself.
async fn take_all(store: &dyn Store, hands: &Hands, routes: &Routes) -> Result<(), store::Error> {
    let leases = store.take_over(0..store.shards()).await?;
    hands.hold(&leases).await;
    routes.set((0..store.shards()).map(|shard| hands.place(shard)).collect());
    Ok(())
}

/// What a node does its work with.
struct Hands {
    workers: Vec<mpsc::Sender<Command>>,
    calling: Arc<Calling>,
}

impl Hands {
    /// Gives each worker its part of the shards that are held, and waits until all have heard it.
    async fn hold(&self, held: &Leases) {
        self.calling.tenures.hold(held);
        let mut told = Vec::with_capacity(self.workers.len());
        for (index, worker) in self.workers.iter().enumerate() {
            let own = held.iter().filter(|(shard, _)| self.worker_of(**shard) == index);
            let leases = own.map(|(shard, epoch)| (*shard, *epoch)).collect();
            let (reply, heard) = oneshot::channel();
            // A worker that has stopped holds nothing.
            if worker.send(Command::Hold { leases, reply }).await.is_ok() {
                told.push(heard);
            }
        }
        for heard in told {
            let _ = heard.await;
        }
    }

    /// Where the commands of a shard go that this node holds.
    fn place(&self, shard: Shard) -> Place {
        Place::Here(self.worker_of(shard))
    }

    fn worker_of(&self, shard: Shard) -> usize {
        usize::from(shard).checked_rem(self.workers.len()).unwrap_or_default()
    }
}

/// A node among others.
struct Member {
    me: Arc<Node>,
    store: Arc<dyn Store>,
    hands: Hands,
    routes: Arc<Routes>,
    held: Leases,
    /// Those of the held that go to others.
    leaving: Leaving,
}

impl Member {
    /// Joins the others on a database that nodes can share, and takes a first part of the shards.
    async fn join(
        me: Arc<Node>,
        store: Arc<dyn Store>,
        hands: Hands,
        routes: Arc<Routes>,
    ) -> Result<Member, store::Error> {
        if let Some(nodes) = store.nodes() {
            nodes.join(&me).await?;
        }
        let mut member = Member { me, store, hands, routes, held: Leases::new(), leaving: Leaving::none() };
        member.beat().await?;
        Ok(member)
    }

    /// Takes part until the workers are done: while they finish, the shards stay theirs.
    async fn run(mut self) {
        loop {
            tokio::time::sleep(LEAST).await;
            tokio::select! {
                () = self.hands.calling.stop.over.cancelled() => return,
                () = tokio::time::sleep(BEAT) => {}
                () = self.routes.found_wrong() => {}
                () = self.leaving.some_ready() => {}
            }
            if let Err(error) = self.beat().await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the lease of this node is not renewed"
                );
            }
        }
    }

    /// Renews the lease, and brings what this node holds to its share.
    async fn beat(&mut self) -> Result<(), store::Error> {
        let store = self.store.clone();
        let Some(nodes) = store.nodes() else { return Ok(()) };
        nodes.renew(&self.me).await?;
        let mut survey = nodes.look().await?;
        self.warn_of_doubles(&survey);
        // What it holds is what the database says: it may have lost some, and an answer that gave it some may be lost.
        self.hold(survey.leases_of(self.me.id)).await;
        let alive = u16::try_from(survey.nodes.len()).unwrap_or(u16::MAX).max(1);
        let share = usize::from(store.shards().div_ceil(alive));
        self.give_back(nodes, share, &mut survey).await?;
        // Only what looks free is asked for: an idle cluster writes nothing but its leases.
        if !self.hands.calling.stop.begun.is_cancelled()
            && self.held.len() < share
            && survey.held.len() < usize::from(store.shards())
        {
            let most = u16::try_from(share - self.held.len()).unwrap_or(u16::MAX);
            self.claim(nodes, most, &mut survey).await?;
        }
        metrics::gauge!("wayfare_nodes").set(f64::from(alive));
        metrics::gauge!("wayfare_shards_held")
            .set(f64::from(u32::try_from(self.held.len()).unwrap_or(u32::MAX)));
        self.routes.set(self.places(&survey));
        Ok(())
    }

    /// From now on it holds these shards and no others.
    async fn hold(&mut self, leases: Leases) {
        if leases == self.held {
            return;
        }
        let lost = self.held.iter().filter(|(shard, epoch)| leases.get(shard) != Some(epoch)).count();
        if lost > 0 {
            tracing::warn!(lost, "shards were taken over by other nodes");
        }
        self.held = leases;
        self.hands.hold(&self.held).await;
    }

    /// Gives others what is more than its share, as soon as the calls have ended that are under way for it.
    async fn give_back(
        &mut self,
        nodes: &dyn Nodes,
        share: usize,
        survey: &mut Survey,
    ) -> Result<(), store::Error> {
        if self.leaving.is_empty() {
            let surplus = self.held.iter().skip(share).map(|(shard, epoch)| (*shard, *epoch)).collect();
            self.leaving = Leaving::begin(&self.hands.calling.tenures, &surplus);
        }
        let ready = self.leaving.take_ready(&self.held);
        if ready.is_empty() {
            return Ok(());
        }
        self.held.retain(|shard, _| !ready.contains_key(shard));
        survey.held.retain(|shard, _| !ready.contains_key(shard));
        // Nobody here writes to them any more before anybody else may.
        self.hands.hold(&self.held).await;
        nodes.release(&ready).await?;
        tracing::info!(shards = ready.len(), held = self.held.len(), "gave shards to other nodes");
        Ok(())
    }

    async fn claim(&mut self, nodes: &dyn Nodes, most: u16, survey: &mut Survey) -> Result<(), store::Error> {
        let claimed = nodes.claim(self.me.id, most).await?;
        if claimed.is_empty() {
            return Ok(());
        }
        survey.held.extend(claimed.iter().map(|(shard, epoch)| (*shard, (self.me.id, *epoch))));
        self.held.extend(&claimed);
        tracing::info!(shards = claimed.len(), held = self.held.len(), "took shards");
        self.hands.hold(&self.held).await;
        Ok(())
    }

    fn places(&self, survey: &Survey) -> Vec<Place> {
        let nodes: BTreeMap<_, _> =
            survey.nodes.iter().map(|node| (node.id, Arc::new(node.clone()))).collect();
        let place = |shard: Shard| match survey.held.get(&shard) {
            Some((owner, _)) if *owner == self.me.id => self.hands.place(shard),
            Some((owner, _)) => nodes.get(owner).map_or(Place::Nowhere, |node| Place::There(node.clone())),
            None => Place::Nowhere,
        };
        (0..self.store.shards()).map(place).collect()
    }

    fn warn_of_doubles(&self, survey: &Survey) {
        let double = survey.nodes.iter().any(|node| node.id != self.me.id && node.address == self.me.address);
        if double {
            tracing::error!(
                address = %self.me.address,
                "another node says that it is reached at the same address: give each its own with --advertise"
            );
        }
    }
}
