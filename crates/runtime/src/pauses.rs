//! Connections that operators have paused: their calls are held in the store, and everybody who does not call them goes on.
//!
//! The store says who is paused; every node looks once a second, and the one that was asked knows at once. What is in memory
//! already waits there; what comes later is held in the store, due at no moment, and found by a look at all calls when the
//! connection goes on.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use graph::Name;
use jiff::Timestamp;
use store::Store;
use tokio::sync::{Mutex, Notify, mpsc, watch};

use crate::{Error, Runtime, Stop, command::Command};

/// How often it is looked who is paused.
const LOOK: Duration = Duration::from_secs(1);

/// Who is paused, and since when.
type Paused = Arc<BTreeMap<Name, Timestamp>>;

/// Who is paused, as far as this node knows.
pub(crate) struct Pauses {
    store: Arc<dyn Store>,
    paused: watch::Sender<Paused>,
    /// One at a time learns who is paused: an older look must not undo what is known since.
    learning: Mutex<()>,
    /// There is reason to look now.
    changed: Notify,
}

impl Pauses {
    /// Reads who is paused.
    pub(crate) async fn open(store: Arc<dyn Store>) -> Result<Pauses, store::Error> {
        let paused = Arc::new(store.pauses().await?);
        let (learning, changed) = (Mutex::new(()), Notify::new());
        Ok(Pauses { store, paused: watch::channel(paused).0, learning, changed })
    }

    async fn pause(&self, connection: &Name, now: Timestamp) -> Result<(), store::Error> {
        let _alone = self.learning.lock().await;
        self.store.pause(connection, now).await?;
        self.paused.send_modify(|paused| {
            Arc::make_mut(paused).entry(connection.clone()).or_insert(now);
        });
        Ok(())
    }

    async fn resume(&self, connection: &Name) -> Result<(), store::Error> {
        self.store.resume(connection).await?;
        self.changed.notify_one();
        Ok(())
    }

    /// Whether a connection is paused.
    pub(crate) fn is_paused(&self, connection: &Name) -> bool {
        self.paused.borrow().contains_key(connection)
    }

    /// Resolves when a connection is not paused.
    pub(crate) async fn until_running(&self, connection: &Name) {
        if self.is_paused(connection) {
            // The sender lives as long as this does.
            let _ = self.paused.subscribe().wait_for(|paused| !paused.contains_key(connection)).await;
        }
    }

    /// Looks who is paused. True if a connection goes on.
    async fn look(&self) -> Result<bool, store::Error> {
        let _alone = self.learning.lock().await;
        let now = Arc::new(self.store.pauses().await?);
        let before = self.paused.send_replace(now.clone());
        Ok(before.keys().any(|connection| !now.contains_key(connection)))
    }

    /// Looks again and again until the end, and tells the workers when a connection goes on.
    pub(crate) async fn watch(self: Arc<Pauses>, workers: Vec<mpsc::Sender<Command>>, stop: Stop) {
        loop {
            tokio::select! {
                () = stop.begun.cancelled() => return,
                () = tokio::time::sleep(LOOK) => {}
                () = self.changed.notified() => {}
            }
            match self.look().await {
                Ok(true) => {
                    for worker in &workers {
                        // A worker that has stopped makes no calls.
                        let _ = worker.send(Command::Recover).await;
                    }
                }
                Ok(false) => {}
                Err(error) => tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "it is not known which connections are paused"
                ),
            }
        }
    }
}

impl Runtime {
    /// Holds the calls of a connection until it goes on: on this node at once, on all others within about a second. What is
    /// under way ends.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn pause(&self, connection: &Name) -> Result<(), Error> {
        Ok(self.pauses().pause(connection, self.now()).await?)
    }

    /// Lets a connection go on: on this node at once, on all others within about a second.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn resume(&self, connection: &Name) -> Result<(), Error> {
        Ok(self.pauses().resume(connection).await?)
    }
}
