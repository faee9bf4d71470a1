//! Holds the calls of a connection to a rate: each waits its turn, over all nodes and restarts.
//!
//! Slots are claimed from the store, some at a time, so that nodes share a rate without speaking to each other; within
//! what was claimed calls go out as far apart as the rate says, first come, first served. Late calls are never made up for: no
//! stretch of the rate's length sees more calls than it allows.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use graph::{Name, Rate};
use store::Store;
use tokio::{
    sync::Mutex,
    time::{Instant, sleep, sleep_until},
};

use crate::pauses::Pauses;

/// How much of the way to a partner may be slower for one call than for another: by so much each stretch is longer than
/// the rate says, so that calls which come closer together on their way are not too many.
pub(crate) const JITTER: Duration = Duration::from_millis(20);
/// For how long slots are claimed at once, unless one is longer.
const AHEAD: Duration = Duration::from_millis(100);
/// The longest that a call goes out behind its moment without moving those behind it: timers count in milliseconds.
const LATE: Duration = Duration::from_millis(2);
/// How long the store is left alone after it failed.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

/// The turns of a connection's calls.
pub(crate) struct Throttle {
    store: Arc<dyn Store>,
    connection: Name,
    pauses: Arc<Pauses>,
    apart: Duration,
    waiting: AtomicU32,
    claimed: Mutex<Claimed>,
}

/// Slots that are ours.
struct Claimed {
    left: u32,
    next: Instant,
}

/// Counts a call that waits, as long as it does.
pub(crate) struct Waits<'a>(pub(crate) &'a AtomicU32);

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Throttle {
    pub(crate) fn new(rate: Rate, connection: Name, store: Arc<dyn Store>, pauses: Arc<Pauses>) -> Throttle {
        Throttle {
            store,
            connection,
            pauses,
            apart: apart(rate),
            waiting: AtomicU32::new(0),
            claimed: Mutex::new(Claimed { left: 0, next: Instant::now() }),
        }
    }

    /// How far apart calls go out.
    pub(crate) fn apart(&self) -> Duration {
        self.apart
    }

    /// Waits until it is the caller's turn.
    pub(crate) async fn wait(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waits = Waits(&self.waiting);
        // Whoever waits for the lock gets it in the order of asking.
        let mut claimed = self.claimed.lock().await;
        // No slot is claimed for later: after a pause calls go out as far apart as ever.
        self.pauses.until_running(&self.connection).await;
        if claimed.left == 0 {
            let most = AHEAD.as_micros() / self.apart.as_micros().max(1);
            let most = u32::try_from(most).unwrap_or(u32::MAX).max(1);
            let slots = self.waiting.load(Ordering::Relaxed).clamp(1, most);
            let claim = || self.store.claim_slots(&self.connection, slots, self.apart);
            let until = surely("no slot of a throttle could be claimed", claim).await;
            claimed.left = slots;
            claimed.next = claimed.next.max(Instant::now() + until);
        }
        sleep_until(claimed.next).await;
        let now = Instant::now();
        let kept = if now > claimed.next + LATE { now } else { claimed.next };
        claimed.left -= 1;
        claimed.next = kept + self.apart;
    }
}

/// What the store says, asked again and again until it answers.
pub(crate) async fn surely<T, A>(otherwise: &'static str, mut ask: impl FnMut() -> A) -> T
where
    A: Future<Output = Result<T, store::Error>>,
{
    loop {
        match ask().await {
            Ok(answer) => return answer,
            Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "{otherwise}"),
        }
        sleep(AFTER_FAILURE).await;
    }
}

/// How far apart the calls of a rate go out.
fn apart(rate: Rate) -> Duration {
    let per = Duration::from_micros(rate.per.unsigned_abs());
    (per + JITTER) / rate.count.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_a_little_further_apart_than_the_rate_says() {
        assert_eq!(apart(Rate { count: 50, per: 1_000_000 }), Duration::from_micros(20_400));
        assert_eq!(apart(Rate { count: 1, per: 3_600_000_000 }), Duration::from_millis(3_600_020));
    }
}
