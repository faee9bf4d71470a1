//! Speaks to the other nodes on the same database.
//!
//! Not behind the guard: nodes are where the database says, which is most often a private network, and no journey and
//! no data has a say in it.

#![expect(clippy::disallowed_types, reason = "see above")]

use std::time::Duration;

use crate::direct;

/// How long a node is given to accept a connection.
const CONNECT: Duration = Duration::from_secs(1);
/// How long a node is given to answer: longer than a busy one takes to write a turn, and no longer than one that was
/// stopped keeps its lease.
const ANSWER: Duration = Duration::from_secs(5);

/// Why another node did not answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{reason}")]
pub struct PeerFailure {
    /// Whether it may have had the request.
    pub was_sent: bool,
    /// Why, for the log.
    pub reason: String,
}

impl PeerFailure {
    /// Something went wrong before anything was sent.
    pub fn before(error: impl std::fmt::Display) -> PeerFailure {
        PeerFailure { was_sent: false, reason: error.to_string() }
    }

    /// Something went wrong after the request was sent, or while it was.
    pub fn after(error: impl std::fmt::Display) -> PeerFailure {
        PeerFailure { was_sent: true, reason: error.to_string() }
    }
}

/// A client for other nodes; cheap to clone.
#[derive(Clone)]
pub struct Peers {
    client: reqwest::Client,
}

impl Peers {
    /// A client for other nodes.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn new() -> Result<Peers, PeerFailure> {
        let client = direct::client(CONNECT, ANSWER)
            .tcp_nodelay(true)
            .pool_max_idle_per_host(64)
            .build()
            .map_err(PeerFailure::before)?;
        Ok(Peers { client })
    }

    /// Sends a node a message, and gives its answer.
    ///
    /// # Errors
    /// When it does not answer, or does not know the key.
    pub async fn ask(&self, address: &str, key: &str, message: Vec<u8>) -> Result<Vec<u8>, PeerFailure> {
        let sent = self.client.post(format!("{address}/node")).bearer_auth(key).body(message).send().await;
        let answer = sent.map_err(|error| PeerFailure {
            was_sent: !error.is_connect() && !error.is_builder(),
            reason: error.without_url().to_string(),
        })?;
        match answer.status().as_u16() {
            200 => answer.bytes().await.map(|bytes| bytes.to_vec()).map_err(PeerFailure::after),
            401 => Err(PeerFailure::before("another process listens there now")),
            status => Err(PeerFailure::after(format!("it answered with status {status}"))),
        }
    }
}
