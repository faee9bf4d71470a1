//! Refuses the calls of a connection beyond so many in any stretch as long as a window, over all nodes and restarts.
//!
//! Calls are counted in the store before they go out. Those that ask at the same moment are counted at once, and what was
//! granted is used within its slice of the window or not at all.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use graph::{CallError, ErrorKind, Name, Rate};
use store::{Granted, Store};
use tokio::{sync::Mutex, time::Instant};

use crate::throttle::{JITTER, Waits, surely};

/// For how long nobody asks again, once the cap is reached.
const REACHED: Duration = Duration::from_millis(50);

/// How long after its slice a call may go out: on a busy machine those that were granted take their time.
const LATE: Duration = Duration::from_millis(20);

/// The cap of a connection.
pub(crate) struct Cap {
    store: Arc<dyn Store>,
    connection: Name,
    rate: Rate,
    waiting: AtomicU32,
    share: Mutex<Share>,
}

/// What is known of the cap.
enum Share {
    /// So many may go out until a moment.
    Granted { left: u32, until: Instant },
    /// None may, until a moment.
    Reached { until: Instant },
}

impl Cap {
    pub(crate) fn new(rate: Rate, connection: Name, store: Arc<dyn Store>) -> Cap {
        let share = Mutex::new(Share::Granted { left: 0, until: Instant::now() });
        Cap { store, connection, rate, waiting: AtomicU32::new(0), share }
    }

    /// Counts a call that goes out at once, or refuses it.
    pub(crate) async fn count(&self) -> Result<(), CallError> {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waits = Waits(&self.waiting);
        let mut share = self.share.lock().await;
        match &mut *share {
            Share::Granted { left, until } if *left > 0 && Instant::now() < *until => {
                *left -= 1;
                return Ok(());
            }
            Share::Reached { until } if Instant::now() < *until => return Err(self.refusal()),
            Share::Granted { .. } | Share::Reached { .. } => {}
        }
        // Whoever claims goes out at once with one of what is granted.
        let granted = self.claim().await;
        *share = match granted.calls.checked_sub(1) {
            Some(left) => Share::Granted { left, until: Instant::now() + granted.within },
            None => Share::Reached { until: Instant::now() + REACHED },
        };
        if granted.calls == 0 { Err(self.refusal()) } else { Ok(()) }
    }

    /// As many of those that wait as may go out.
    async fn claim(&self) -> Granted {
        let window = Duration::from_micros(self.rate.per.unsigned_abs()) + JITTER + LATE;
        let mut asked = Instant::now();
        let claim = || {
            asked = Instant::now();
            let wanted = self.waiting.load(Ordering::Relaxed).max(1);
            self.store.claim_share(&self.connection, self.rate.count, window, wanted)
        };
        let granted = surely("calls of a capped connection could not be counted", claim).await;
        // The answer took its time, by which the slice ends earlier.
        Granted { within: (granted.within + LATE).saturating_sub(asked.elapsed()), ..granted }
    }

    fn refusal(&self) -> CallError {
        let Rate { count, per } = self.rate;
        let per = graph::duration_text(per);
        let reason = format!("`{}` is called at most {count} times in {per}", self.connection);
        CallError::new(ErrorKind::Capped, reason)
    }
}
