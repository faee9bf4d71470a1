//! The lane of a connection: how many of its calls are in memory, how many run, when the next may begin, and whether its
//! partner is left alone. All workers of a node share it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use connect::Attempt;
use graph::{CallError, Connection, ErrorKind, Name, Pressure};
use jiff::{SignedDuration, Timestamp};
use store::Store;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use uuid::Uuid;

use crate::{
    breaker::{Admission, Breaker},
    throttle::Throttle,
};

/// How many calls of one connection may be in memory, waiting or under way.
const PLACES: usize = 4_096;
/// How long a call of a throttled connection waits in memory at most, more or less: the others wait in the store.
const LONGEST_IN_MEMORY: Duration = Duration::from_secs(10);
/// A call for which there is no place is looked at again not before so long.
const SOONEST: Duration = Duration::from_millis(500);
/// How long a call takes, as long as nobody knows.
const USUAL: Duration = Duration::from_secs(1);

/// The lanes of all connections.
pub(crate) struct Lanes {
    store: Arc<dyn Store>,
    pressures: HashMap<Name, Pressure>,
    lanes: Mutex<HashMap<Name, Arc<Lane>>>,
}

impl Lanes {
    /// The lanes of these connections. One that is not declared any more has a lane too: who is in an older version of
    /// a journey may still call it.
    pub(crate) fn new<'a>(
        connections: impl IntoIterator<Item = &'a Arc<Connection>>,
        store: Arc<dyn Store>,
    ) -> Lanes {
        let pressures = connections
            .into_iter()
            .map(|connection| (connection.name.clone(), connection.pressure))
            .collect();
        Lanes { store, pressures, lanes: Mutex::default() }
    }

    /// The lane of a connection.
    pub(crate) fn of(&self, connection: &Name) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get(connection) {
            return lane.clone();
        }
        let pressure = self.pressures.get(connection).copied().unwrap_or_default();
        let lane = Arc::new(Lane::new(connection.clone(), pressure, &self.store));
        lanes.insert(connection.clone(), lane.clone());
        lane
    }
}

/// The lane of one connection.
pub(crate) struct Lane {
    connection: Name,
    places: Arc<Semaphore>,
    at_once: Semaphore,
    at_once_most: u32,
    throttle: Option<Throttle>,
    breaker: Option<Mutex<Breaker>>,
    queue: Mutex<Queue>,
}

/// What is known of those that wait in the store.
struct Queue {
    /// When the last of them is looked at again.
    ends: Timestamp,
    /// How long a call took lately.
    took: Duration,
}

impl Lane {
    fn new(connection: Name, pressure: Pressure, store: &Arc<dyn Store>) -> Lane {
        let at_once = pressure.at_once.unwrap_or(Pressure::AT_ONCE);
        let throttle = pressure.throttle.map(|rate| Throttle::new(rate, connection.clone(), store.clone()));
        let places = throttle.as_ref().map_or(PLACES, |throttle| {
            let soon = LONGEST_IN_MEMORY.as_micros() / throttle.apart().as_micros().max(1);
            usize::try_from(soon).unwrap_or(PLACES).clamp(1, PLACES)
        });
        Lane {
            connection,
            places: Arc::new(Semaphore::new(places)),
            at_once: Semaphore::new(at_once as usize),
            at_once_most: at_once,
            throttle,
            breaker: pressure.breaker.map(|rule| Mutex::new(Breaker::new(rule))),
            queue: Mutex::new(Queue { ends: Timestamp::UNIX_EPOCH, took: USUAL }),
        }
    }

    /// A place for one call, or when it is to be tried again: those that wait in the store come back one after the other,
    /// as fast as calls have ended lately, not all at once.
    pub(crate) fn reserve(&self, now: Timestamp) -> Result<OwnedSemaphorePermit, Timestamp> {
        self.places.clone().try_acquire_owned().map_err(|_| {
            let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
            let apart = match &self.throttle {
                Some(throttle) => throttle.apart(),
                None => queue.took / self.at_once_most.max(1),
            };
            let after = |moment: Timestamp, pause: Duration| {
                let pause = SignedDuration::try_from(pause).unwrap_or(SignedDuration::MAX);
                moment.checked_add(pause).unwrap_or(moment)
            };
            let at = queue.ends.max(after(now, SOONEST));
            queue.ends = after(at, apart);
            at
        })
    }

    /// Waits until a call may go out; or the error that says why it may not now.
    pub(crate) async fn enter(&self, instance: Uuid) -> Result<Pass<'_>, CallError> {
        // Who is not let out anyhow need not wait.
        self.judged(instance, |breaker| breaker.look(Instant::now()))?;
        let running = self.at_once.acquire().await;
        if let Some(throttle) = &self.throttle {
            throttle.wait().await;
        }
        let admission = self.judged(instance, |breaker| breaker.admit(Instant::now()))?;
        Ok(Pass { lane: self, admission, _running: running.ok() })
    }

    fn breaker(&self) -> Option<MutexGuard<'_, Breaker>> {
        Some(self.breaker.as_ref()?.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the breaker says of a call, or the error of one that it holds back.
    fn judged(
        &self,
        instance: Uuid,
        judge: impl FnOnce(&mut Breaker) -> Admission,
    ) -> Result<Admission, CallError> {
        let Some(mut breaker) = self.breaker() else { return Ok(Admission::Go) };
        let left = match judge(&mut breaker) {
            Admission::Wait(left) => left,
            admission => return Ok(admission),
        };
        // Those that were refused come back one by one, over half as long again.
        let spread = breaker.open_for().as_micros() / 2 + 1;
        let drawn = u128::from(instance.as_u64_pair().1 >> 16) % spread;
        let wait = left.as_micros() + drawn;
        let reason = format!("too many calls of `{}` failed: it is left alone for a while", self.connection);
        Err(CallError {
            wait: Some(i64::try_from(wait).unwrap_or(i64::MAX)),
            ..CallError::new(ErrorKind::Open, reason)
        })
    }
}

/// What a call has that is let out.
pub(crate) struct Pass<'a> {
    lane: &'a Lane,
    admission: Admission,
    _running: Option<tokio::sync::SemaphorePermit<'a>>,
}

impl Pass<'_> {
    /// The call has ended.
    pub(crate) fn end(self, attempt: &Attempt) {
        let lane = self.lane;
        let mut queue = lane.queue.lock().unwrap_or_else(PoisonError::into_inner);
        queue.took = (queue.took * 7 + attempt.duration) / 8;
        drop(queue);
        let Some(mut breaker) = lane.breaker() else { return };
        let opens = breaker.ended(self.admission, is_failure(attempt), Instant::now());
        let connection = lane.connection.to_string();
        if opens {
            tracing::warn!(connection, "too many calls failed: the partner is left alone for a while");
            metrics::counter!("wayfare_breaker_opened_total", "connection" => connection.clone())
                .increment(1);
        }
        if opens || self.admission == Admission::Try {
            metrics::gauge!("wayfare_breaker_open", "connection" => connection)
                .set(f64::from(u8::from(opens)));
        }
    }
}

/// Whether an attempt says that the partner is not well. One that answers is, whatever it makes of our request.
fn is_failure(attempt: &Attempt) -> bool {
    match &attempt.outcome {
        // A mail server that closes or is full is not well; with other codes from 400 on it speaks of the mail, or puts
        // off whom it does not know yet.
        Ok(answer) if attempt.by_mail => matches!(answer.status, 421 | 452),
        Ok(answer) => answer.status >= 500 || answer.status == 429,
        Err(error) => matches!(error.kind, ErrorKind::Timeout | ErrorKind::Refused),
    }
}
