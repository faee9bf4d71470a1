//! How long this node has a shard, as far as its calls are concerned: a shard that goes to another node by agreement goes
//! once the calls that are under way for it have ended, or its next owner would make them again; and those that wait to go
//! out are left to that owner.

use std::{
    collections::HashMap,
    sync::{PoisonError, RwLock},
    time::Duration,
};

use futures_util::future::select_all;
use store::{Leases, Shard};
use tokio::time::Instant;
use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};

/// How long calls under way are waited for when a shard goes to another node. Meanwhile no others of the shard go out, so
/// it is no longer than people may be held up for; those that take longer are made twice, under one key.
const PATIENCE: Duration = Duration::from_secs(5);

/// The shards that this node has.
pub(crate) struct Tenures {
    /// With the epoch of the lease.
    held: RwLock<HashMap<Shard, (i64, Tenure)>>,
    /// When nothing new is begun any more, whatever is held.
    stop: CancellationToken,
}

/// The time in which this node has a shard, from one lease to its end.
#[derive(Clone)]
pub(crate) struct Tenure {
    ending: CancellationToken,
    calls: TaskTracker,
}

impl Tenure {
    fn new(ending: CancellationToken) -> Tenure {
        let calls = TaskTracker::new();
        calls.close();
        Tenure { ending, calls }
    }

    /// Says that a call is under way, until what this gives is dropped.
    pub(crate) fn under_way(&self) -> TaskTrackerToken {
        self.calls.token()
    }

    /// Cancelled when no further call may go out.
    pub(crate) fn ending(&self) -> &CancellationToken {
        &self.ending
    }
}

impl Tenures {
    /// None; what begins later ends at the latest when this is cancelled.
    pub(crate) fn new(stop: CancellationToken) -> Tenures {
        Tenures { held: RwLock::default(), stop }
    }

    /// The tenure of a shard; one that has ended if it is not held.
    pub(crate) fn of(&self, shard: Shard) -> Tenure {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        held.get(&shard).map(|(_, tenure)| tenure.clone()).unwrap_or_else(|| {
            let ended = Tenure::new(CancellationToken::new());
            ended.ending.cancel();
            ended
        })
    }

    /// From now on these leases are held and no others.
    pub(crate) fn hold(&self, leases: &Leases) {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        held.retain(|shard, (epoch, tenure)| {
            let stays = leases.get(shard) == Some(epoch);
            if !stays {
                tenure.ending.cancel();
            }
            stays
        });
        for (shard, epoch) in leases {
            held.entry(*shard).or_insert_with(|| (*epoch, Tenure::new(self.stop.child_token())));
        }
    }
}

/// The shards that this node is about to give to others.
pub(crate) struct Leaving {
    shards: HashMap<Shard, (i64, Tenure)>,
    until: Instant,
}

impl Leaving {
    /// No shard.
    pub(crate) fn none() -> Leaving {
        Leaving { shards: HashMap::new(), until: Instant::now() }
    }

    /// From now on no call of these shards goes out.
    pub(crate) fn begin(tenures: &Tenures, leases: &Leases) -> Leaving {
        let shards = leases.iter().map(|(shard, epoch)| {
            let tenure = tenures.of(*shard);
            tenure.ending.cancel();
            (*shard, (*epoch, tenure))
        });
        Leaving { shards: shards.collect(), until: Instant::now() + PATIENCE }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.shards.is_empty()
    }

    /// Those whose calls have ended, or have been waited for long enough. What is no longer held is forgotten.
    pub(crate) fn take_ready(&mut self, held: &Leases) -> Leases {
        self.shards.retain(|shard, (epoch, _)| held.get(shard) == Some(epoch));
        let late = Instant::now() >= self.until;
        let ready = self.shards.extract_if(|_, (_, tenure)| late || tenure.calls.is_empty());
        ready.map(|(shard, (epoch, _))| (shard, epoch)).collect()
    }

    /// Resolves when there may be some that are ready; never if no shard leaves.
    pub(crate) async fn some_ready(&self) {
        if self.is_empty() {
            return std::future::pending().await;
        }
        let ready = self.shards.values().map(|(_, tenure)| Box::pin(tenure.calls.wait()));
        let _ = tokio::time::timeout_at(self.until, select_all(ready)).await;
    }
}
