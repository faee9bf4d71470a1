//! Asking for something to be done about a person: by a worker of this node, or by the node that has the person's shard.
//!
//! Whoever is asked for a shard that is not his does nothing and says so; the asker then looks at who has it, and asks
//! again, for a while. So a shard that moves between nodes costs its senders a moment and no error.

use std::{sync::Arc, time::Duration};

use connect::{PeerFailure, Trace};
use engine::{Ignored, Operation};
use graph::Name;
use serde::{Deserialize, Serialize};
use store::{Node, Shard};
use subtle::ConstantTimeEq;
use tokio::{sync::oneshot, time::Instant};
use uuid::Uuid;

use crate::{
    Error, Incoming, ProfileAnswer, ProfileChange, Receipt, Received, Refusal, Runtime,
    calls::NodeCalls,
    command::{Command, Reply},
    route::Place,
    witness::read_trace,
};

/// How long is tried to find whoever has a shard: longer than a node that died keeps its lease.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// How long is waited for a new look at who has what.
const LOOK: Duration = Duration::from_millis(500);

/// What is asked about one person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Ask {
    Profile { shard: Shard, key: Name, change: ProfileChange },
    Erase { shard: Shard, key: Name },
    Operate { shard: Shard, profile: Name, id: Uuid, operation: Operation },
}

/// What is told of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Told {
    Profile(ProfileAnswer),
    Erased,
    Operated(Result<(), Ignored>),
}

/// What one node asks another.
#[derive(Debug, Serialize)]
pub(crate) enum Request<'a> {
    One(&'a Ask),
    Events(Vec<&'a Received<'a>>),
    /// How its calls go.
    Calls,
}

/// What one node is asked by another.
#[derive(Debug, Deserialize)]
pub(crate) enum Requested {
    One(Ask),
    Events(Vec<Forwarded>),
    Calls,
}

/// An event that another node was sent.
#[derive(Debug, Deserialize)]
pub(crate) struct Forwarded {
    pub(crate) text: String,
    pub(crate) event: Result<Incoming, Refusal>,
    #[serde(default, deserialize_with = "read_trace")]
    pub(crate) sender: Option<Trace>,
}

/// What one node answers another.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Response {
    One(Told),
    /// For each event what became of it; none if it was not taken here.
    Events(Vec<Option<Result<Receipt, Refusal>>>),
    Calls(NodeCalls),
    /// Nothing was done.
    Moved,
    Overloaded,
    Stopping,
    NotWritten,
}

impl Response {
    pub(crate) fn failed(error: &Error) -> Response {
        match error {
            Error::Moved => Response::Moved,
            Error::Overloaded => Response::Overloaded,
            Error::Stopping => Response::Stopping,
            Error::Store(_) | Error::NotWritten => Response::NotWritten,
        }
    }

    fn error(&self) -> Error {
        match self {
            // A node that stops gives its shards to others.
            Response::Moved | Response::Stopping => Error::Moved,
            Response::Overloaded => Error::Overloaded,
            Response::One(_) | Response::Events(_) | Response::Calls(_) | Response::NotWritten => {
                Error::NotWritten
            }
        }
    }
}

impl Ask {
    fn shard(&self) -> Shard {
        match self {
            Ask::Profile { shard, .. } | Ask::Erase { shard, .. } | Ask::Operate { shard, .. } => *shard,
        }
    }

    /// Whether doing it twice is the same as doing it once.
    fn is_repeatable(&self) -> bool {
        !matches!(self, Ask::Operate { .. })
    }
}

impl Runtime {
    /// Has something done by whoever has the shard.
    pub(crate) async fn ask(&self, ask: Ask) -> Result<Told, Error> {
        let until = Instant::now() + PATIENCE;
        loop {
            let outcome = match self.routes().place(ask.shard()) {
                Place::Here(worker) => self.ask_worker(worker, ask.clone()).await,
                Place::There(node) => self.ask_node(&node, &ask).await,
                Place::Nowhere => Err(Error::Moved),
            };
            match outcome {
                Err(Error::Moved) if Instant::now() < until => self.look_again().await,
                outcome => return outcome,
            }
        }
    }

    /// Has something done by this node, if the shard is here.
    pub(crate) async fn ask_here(&self, ask: Ask) -> Result<Told, Error> {
        match self.routes().place(ask.shard()) {
            Place::Here(worker) => self.ask_worker(worker, ask).await,
            Place::There(_) | Place::Nowhere => Err(Error::Moved),
        }
    }

    /// Waits until it has been looked at who has which shard.
    pub(crate) async fn look_again(&self) {
        // What was wrong a moment ago is often still so: a little time passes in any case.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let _ = tokio::time::timeout(LOOK, self.routes().looked_over()).await;
    }

    async fn ask_worker(&self, worker: usize, ask: Ask) -> Result<Told, Error> {
        match ask {
            Ask::Profile { shard, key, change } => {
                let make = |reply| Command::Profile { shard, key, change, reply };
                self.have_done(worker, make).await.map(Told::Profile)
            }
            Ask::Erase { shard, key } => self
                .have_done(worker, |reply| Command::Erase { shard, key, reply })
                .await
                .map(|()| Told::Erased),
            Ask::Operate { shard, profile, id, operation } => {
                let make = |reply| Command::Operate { shard, profile, id, operation, reply };
                self.have_done(worker, make).await.map(Told::Operated)
            }
        }
    }

    async fn have_done<T>(&self, worker: usize, make: impl FnOnce(Reply<T>) -> Command) -> Result<T, Error> {
        let (reply, answer) = oneshot::channel();
        self.send(worker, make(reply))?;
        answer.await.map_err(|_| Error::Stopping)?
    }

    async fn ask_node(&self, node: &Arc<Node>, ask: &Ask) -> Result<Told, Error> {
        match self.request(node, serde_json::to_vec(&Request::One(ask))).await {
            Ok(Response::One(told)) => Ok(told),
            Ok(other) => Err(other.error()),
            Err(failure) if failure.was_sent && !ask.is_repeatable() => Err(Error::NotWritten),
            Err(_) => Err(Error::Moved),
        }
    }

    /// Sends another node a request.
    pub(crate) async fn request(
        &self,
        node: &Node,
        request: serde_json::Result<Vec<u8>>,
    ) -> Result<Response, PeerFailure> {
        let body = request.map_err(PeerFailure::before)?;
        let answer = self.peers().ask(&node.address, &node.key, body).await.inspect_err(|failure| {
            tracing::debug!(node = %node.address, reason = %failure.reason, "another node does not answer");
        })?;
        serde_json::from_slice(&answer).map_err(PeerFailure::after)
    }

    /// Whether this is the key that other nodes must present to this one.
    pub fn is_node_key(&self, key: &str) -> bool {
        self.node().is_some_and(|node| bool::from(node.key.as_bytes().ct_eq(key.as_bytes())))
    }

    /// Answers another node, whose key has been looked at.
    pub async fn hear(&self, body: &[u8]) -> Vec<u8> {
        let response = match serde_json::from_slice(body) {
            Ok(Requested::One(ask)) => self.ask_here(ask).await.map(Response::One),
            Ok(Requested::Events(events)) => self.take_here(events).await.map(Response::Events),
            Ok(Requested::Calls) => Ok(Response::Calls(self.calls_here())),
            Err(error) => {
                tracing::error!(%error, "another node asks for something unknown; is it of another version?");
                Err(Error::NotWritten)
            }
        };
        let response = response.unwrap_or_else(|error| Response::failed(&error));
        // What cannot be written down is read as an answer that failed.
        serde_json::to_vec(&response).unwrap_or_default()
    }
}
