//! How calls go: of this node, and of all nodes together.

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use std::time::Instant;

use crate::{
    ActionCalls, Error, LaneReport, Runtime,
    ask::{Request, Response},
};

/// How the calls of a node go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NodeCalls {
    /// The lanes of connections that were called.
    pub lanes: Vec<LaneReport>,
    /// The calls of each action lately.
    pub actions: Vec<ActionCalls>,
}

/// How the calls of all nodes go.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calls {
    /// What all that answered know, added up.
    pub all: NodeCalls,
    /// How many nodes did not answer.
    pub silent: usize,
}

impl Runtime {
    /// How the calls of this node go.
    pub(crate) fn calls_here(&self) -> NodeCalls {
        NodeCalls {
            lanes: self.shared.calling.lanes.report(),
            actions: self.shared.calling.tally.report(Instant::now()),
        }
    }

    /// How the calls of all nodes go.
    ///
    /// # Errors
    /// When it is not known which nodes there are.
    pub async fn calls(&self) -> Result<Calls, Error> {
        let mut calls = Calls { all: self.calls_here(), silent: 0 };
        let (Some(nodes), Some(me)) = (self.store().nodes(), self.node()) else { return Ok(calls) };
        let others: Vec<_> = nodes.look().await?.nodes.into_iter().filter(|node| node.id != me.id).collect();
        let asked = others.iter().map(|node| self.request(node, serde_json::to_vec(&Request::Calls)));
        for answer in join_all(asked).await {
            match answer {
                Ok(Response::Calls(theirs)) => calls.all.add(theirs),
                Ok(_) | Err(_) => calls.silent += 1,
            }
        }
        Ok(calls)
    }
}

impl NodeCalls {
    /// Adds what another node knows. A breaker that is open anywhere is shown as open.
    fn add(&mut self, other: NodeCalls) {
        for lane in other.lanes {
            match self.lanes.iter_mut().find(|known| known.connection == lane.connection) {
                Some(known) => {
                    known.in_memory += lane.in_memory;
                    known.running += lane.running;
                    known.breaker = known.breaker.max(lane.breaker);
                }
                None => self.lanes.push(lane),
            }
        }
        for calls in other.actions {
            let same = |known: &&mut ActionCalls| {
                known.connection == calls.connection && known.action == calls.action
            };
            match self.actions.iter_mut().find(same) {
                Some(known) => known.add(&calls),
                None => self.actions.push(calls),
            }
        }
    }
}
