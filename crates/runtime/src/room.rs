//! The memory for requests that wait to be written: it is bounded, and senders are turned away before it grows.
//!
//! What counts is what has come, not what a sender says will come: else a few that send slowly, or do not say how much,
//! would shut all others out.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Error, Runtime};

/// The memory that there is for requests which wait to be written, in KiB.
const ROOM: usize = 64 * 1024;

/// Memory that is set aside for a request; given back when it is dropped.
pub struct Room {
    all: Arc<Semaphore>,
    held: Option<OwnedSemaphorePermit>,
}

/// All of it.
pub(crate) fn all() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(ROOM))
}

impl Room {
    /// Holds memory for a request of which so many bytes are here. Where there is none left the request is to be turned
    /// away, so that senders slow down before this process grows.
    ///
    /// # Errors
    /// When there is none left; what was held is still held.
    pub fn hold(&mut self, bytes: usize) -> Result<(), Error> {
        let held = self.held.as_ref().map_or(0, OwnedSemaphorePermit::num_permits);
        let more = (bytes / 1024 + 1).min(ROOM).saturating_sub(held);
        if more == 0 {
            return Ok(());
        }
        let more = u32::try_from(more).unwrap_or(u32::MAX);
        let more = self.all.clone().try_acquire_many_owned(more).map_err(|_| Error::Overloaded)?;
        match &mut self.held {
            Some(held) => held.merge(more),
            none => *none = Some(more),
        }
        Ok(())
    }

    /// Gives back what is held.
    pub fn clear(&mut self) {
        self.held = None;
    }
}

impl Runtime {
    /// Room for a request, which holds nothing yet. It is to be kept until the request is answered.
    pub fn room(&self) -> Room {
        Room { all: self.shared.room.clone(), held: None }
    }
}
