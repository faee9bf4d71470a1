//! The memory for requests that wait to be written: it is bounded, and senders are turned away before it grows.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Error, Runtime};

/// The memory that there is for requests which wait to be written, in KiB.
const ROOM: usize = 64 * 1024;

/// Memory that is set aside for a request; given back when it is dropped.
pub struct Room {
    _permit: OwnedSemaphorePermit,
}

/// All of it.
pub(crate) fn all() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(ROOM))
}

impl Runtime {
    /// Sets memory aside for a request of so many bytes, until it is answered. Where there is none left the request is to
    /// be turned away before it is read, so that senders slow down before this process grows.
    ///
    /// # Errors
    /// When there is none left.
    pub fn make_room(&self, bytes: usize) -> Result<Room, Error> {
        let kib = u32::try_from((bytes / 1024 + 1).min(ROOM)).unwrap_or(u32::MAX);
        let permit = self.shared.room.clone().try_acquire_many_owned(kib);
        permit.map(|permit| Room { _permit: permit }).map_err(|_| Error::Overloaded)
    }
}
