//! How several nodes share one database: each shard is leased to one of them at a time.
//!
//! A lease says who *should* write a shard; the epoch says who *can*. Whoever is leased a shard raises its epoch, and
//! every commit checks the epochs of the shards it touches, so that a node which was stopped past its lease changes
//! nothing, whatever its clock says. Leases run out by the database's clock, the one that all nodes share.

use std::{collections::BTreeMap, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Error, Shard};

/// How long a node that says nothing is taken for alive.
pub const LEASE: Duration = Duration::from_secs(5);

/// Shards that a writer holds, each with the epoch that its commits must find.
pub type Leases = BTreeMap<Shard, i64>;

/// A process that shares the database with others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// A new one for every process.
    pub id: Uuid,
    /// Where other nodes reach it, as in `http://10.0.0.7:7070`.
    pub address: String,
    /// What other nodes must present to be heard by it; a new one for every process.
    pub key: String,
}

/// Who is there, and who has what.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// The nodes that are alive.
    pub nodes: Vec<Node>,
    /// The shards that somebody alive holds, each with its holder and epoch.
    pub held: BTreeMap<Shard, (Uuid, i64)>,
}

impl Survey {
    /// What a node holds.
    pub fn leases_of(&self, node: Uuid) -> Leases {
        let own = self.held.iter().filter(|(_, (owner, _))| *owner == node);
        own.map(|(shard, (_, epoch))| (*shard, *epoch)).collect()
    }
}

/// How nodes share the shards of a database.
#[async_trait]
pub trait Nodes: Send + Sync {
    /// Who is there, and who has what.
    async fn look(&self) -> Result<Survey, Error>;
    /// A node comes. Whoever was at its address before is gone: two processes cannot listen in one place.
    async fn join(&self, node: &Node) -> Result<(), Error>;
    /// Renews a node's lease.
    async fn renew(&self, node: &Node) -> Result<(), Error>;
    /// Leases at most so many shards to a node, of those that nobody alive holds, under a new epoch each.
    async fn claim(&self, node: Uuid, most: u16) -> Result<Leases, Error>;
    /// Gives shards back, as far as they are still held under these epochs.
    async fn release(&self, leases: &Leases) -> Result<(), Error>;
    /// Gives back all that a node holds, and forgets the node.
    async fn leave(&self, node: Uuid) -> Result<(), Error>;
}
