//! Who has which shard: a worker of this node, another node, or nobody for the moment.

use std::sync::{Arc, RwLock};

use store::{Node, Shard};
use tokio::sync::{Notify, watch};

/// Where a shard's commands go.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// To this worker of this node.
    Here(usize),
    /// To another node.
    There(Arc<Node>),
    /// Nobody has it for the moment.
    Nowhere,
}

/// Who has which shard, as far as this node knows. It may be wrong for a moment: whoever is asked for a shard that is
/// not his says so, and the asker looks again.
pub(crate) struct Routes {
    places: RwLock<Arc<[Place]>>,
    changes: watch::Sender<()>,
    /// Somebody found that the table is wrong.
    wrong: Notify,
}

impl Routes {
    pub(crate) fn new(shards: u16) -> Routes {
        let places = (0..shards).map(|_| Place::Nowhere).collect();
        Routes { places: RwLock::new(places), changes: watch::channel(()).0, wrong: Notify::new() }
    }

    /// The whole table, by shard.
    pub(crate) fn places(&self) -> Arc<[Place]> {
        self.places.read().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    /// Where a shard's commands go.
    pub(crate) fn place(&self, shard: Shard) -> Place {
        self.places().get(usize::from(shard)).cloned().unwrap_or(Place::Nowhere)
    }

    pub(crate) fn set(&self, places: Vec<Place>) {
        *self.places.write().unwrap_or_else(std::sync::PoisonError::into_inner) = places.into();
        self.changes.send_replace(());
    }

    /// Something was not where the table says: whoever keeps it should look now.
    pub(crate) fn is_wrong(&self) {
        self.wrong.notify_one();
    }

    /// Resolves when something was not where the table says.
    pub(crate) async fn found_wrong(&self) {
        self.wrong.notified().await;
    }

    /// Resolves when the table has been looked over since this call began.
    pub(crate) async fn looked_over(&self) {
        let mut changes = self.changes.subscribe();
        self.is_wrong();
        let _ = changes.changed().await;
    }
}
