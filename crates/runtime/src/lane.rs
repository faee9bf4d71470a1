//! The lane of a connection: how many of its calls are in memory, how many run, when the next may begin, and whether its
//! partner is left alone. All workers of a node share it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use connect::Attempt;
use engine::AttemptId;
use graph::{CallError, Connection, ErrorKind, Name, Pressure};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use store::Store;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{
    breaker::{Admission, Breaker, Stands},
    budget::Budget,
    cap::Cap,
    pauses::Pauses,
    places::{Place, Places},
    throttle::Throttle,
};

/// How many calls of one connection may be in memory, waiting or under way.
const PLACES: usize = 4_096;
/// How long a call of a throttled connection waits in memory at most, more or less: the others wait in the store.
const LONGEST_IN_MEMORY: Duration = Duration::from_secs(10);
/// How long a call takes, as long as nobody knows.
const USUAL: Duration = Duration::from_secs(1);

/// The lanes of all connections.
pub(crate) struct Lanes {
    store: Arc<dyn Store>,
    pauses: Arc<Pauses>,
    connections: HashMap<Name, Arc<Connection>>,
    lanes: Mutex<HashMap<Name, Arc<Lane>>>,
}

impl Lanes {
    /// The lanes of these connections. One that is not declared any more has a lane too: who is in an older version of
    /// a journey may still call it.
    pub(crate) fn new<'a>(
        connections: impl IntoIterator<Item = &'a Arc<Connection>>,
        store: Arc<dyn Store>,
        pauses: Arc<Pauses>,
    ) -> Lanes {
        let connections =
            connections.into_iter().map(|connection| (connection.name.clone(), connection.clone())).collect();
        Lanes { store, pauses, connections, lanes: Mutex::default() }
    }

    /// How the lanes are that have been used, by connection.
    pub(crate) fn report(&self) -> Vec<LaneReport> {
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reports: Vec<LaneReport> = lanes.values().map(|lane| lane.report()).collect();
        reports.sort_by(|one, other| one.connection.cmp(&other.connection));
        reports
    }

    /// The connections that are paused.
    pub(crate) fn pauses(&self) -> &Pauses {
        &self.pauses
    }

    /// The lane of a connection.
    pub(crate) fn of(&self, connection: &Name) -> Arc<Lane> {
        let mut lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(lane) = lanes.get(connection) {
            return lane.clone();
        }
        let declared = self.connections.get(connection);
        let pressure = declared.map(|declared| declared.pressure).unwrap_or_default();
        let share = declared.and_then(|declared| declared.retry.share);
        let lane = Lane::new(connection.clone(), pressure, share, &self.store, self.pauses.clone());
        let lane = Arc::new(lane);
        lanes.insert(connection.clone(), lane.clone());
        lane
    }
}

/// The lane of one connection.
pub(crate) struct Lane {
    connection: Name,
    pauses: Arc<Pauses>,
    places: Arc<Places>,
    at_once: Semaphore,
    at_once_most: u32,
    throttle: Option<Throttle>,
    cap: Option<Cap>,
    budget: Option<Mutex<Budget>>,
    breaker: Option<Mutex<Breaker>>,
    /// How long a call took lately.
    took: Mutex<Duration>,
}

/// How a lane is at a moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneReport {
    /// The connection.
    pub connection: Name,
    /// How many of its calls are in memory, waiting or running.
    pub in_memory: usize,
    /// How many run.
    pub running: usize,
    /// How its breaker stands; none if it has none.
    pub breaker: Option<Stands>,
}

/// Why there is no place for a call in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// All are taken: it is to be tried again at this moment.
    Until(Timestamp),
    /// The connection is paused.
    Paused,
}

impl Lane {
    fn new(
        connection: Name,
        pressure: Pressure,
        share: Option<u32>,
        store: &Arc<dyn Store>,
        pauses: Arc<Pauses>,
    ) -> Lane {
        let at_once = pressure.at_once.unwrap_or(Pressure::AT_ONCE);
        let throttle = pressure
            .throttle
            .map(|rate| Throttle::new(rate, connection.clone(), store.clone(), pauses.clone()));
        let cap = pressure.cap.map(|rate| Cap::new(rate, connection.clone(), store.clone()));
        let places = throttle.as_ref().map_or(PLACES, |throttle| {
            let soon = LONGEST_IN_MEMORY.as_micros() / throttle.apart().as_micros().max(1);
            usize::try_from(soon).unwrap_or(PLACES).clamp(1, PLACES)
        });
        Lane {
            connection,
            pauses,
            places: Places::new(places),
            at_once: Semaphore::new(at_once as usize),
            at_once_most: at_once,
            throttle,
            cap,
            budget: share.map(|share| Mutex::new(Budget::new(share, Instant::now()))),
            breaker: pressure.breaker.map(|rule| Mutex::new(Breaker::new(rule))),
            took: Mutex::new(USUAL),
        }
    }

    /// A place for one call of a journey, or when it is to be tried again: those that wait in the store come back one after
    /// the other, as fast as calls have ended lately, not all at once.
    pub(crate) fn reserve(&self, journey: &Name, now: Timestamp) -> Result<Place, NoPlace> {
        if self.pauses.is_paused(&self.connection) {
            return Err(NoPlace::Paused);
        }
        let apart = match &self.throttle {
            Some(throttle) => throttle.apart(),
            None => *self.took() / self.at_once_most.max(1),
        };
        self.places.take(journey, now, apart).map_err(NoPlace::Until)
    }

    fn took(&self) -> MutexGuard<'_, Duration> {
        self.took.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it is now.
    pub(crate) fn report(&self) -> LaneReport {
        let running =
            self.at_once_most as usize - self.at_once.available_permits().min(self.at_once_most as usize);
        LaneReport {
            connection: self.connection.clone(),
            in_memory: self.places.in_use(),
            running,
            breaker: self.breaker().map(|breaker| breaker.stands(Instant::now())),
        }
    }

    /// Waits until a call may go out; or the error that says why it may not now.
    pub(crate) async fn enter(&self, attempt: AttemptId) -> Result<Pass<'_>, CallError> {
        let AttemptId { instance, attempt, .. } = attempt;
        self.pauses.until_running(&self.connection).await;
        // Who is not let out anyhow need not wait.
        self.judged(instance, |breaker| breaker.look(Instant::now()))?;
        self.afforded(attempt)?;
        let running = self.at_once.acquire().await;
        self.pauses.until_running(&self.connection).await;
        if let Some(throttle) = &self.throttle {
            throttle.wait().await;
        }
        if let Some(cap) = &self.cap {
            cap.count().await?;
        }
        let admission = self.judged(instance, |breaker| breaker.admit(Instant::now()))?;
        Ok(Pass { lane: self, admission, _running: running.ok() })
    }

    /// Whether there are not too many repetitions.
    fn afforded(&self, attempt: u32) -> Result<(), CallError> {
        let Some(budget) = &self.budget else { return Ok(()) };
        let mut budget = budget.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if attempt <= 1 {
            budget.begins(now);
            return Ok(());
        }
        budget.repeats(now).map_err(|wait| {
            let reason = format!("too many calls of `{}` are repeated: this one waits", self.connection);
            held_back(reason, wait)
        })
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
        let wait = left + Duration::from_micros(u64::try_from(drawn).unwrap_or(u64::MAX));
        let reason = format!("too many calls of `{}` failed: it is left alone for a while", self.connection);
        Err(held_back(reason, wait))
    }
}

/// What becomes of a call that does not go out for a while.
fn held_back(reason: String, wait: Duration) -> CallError {
    let wait = i64::try_from(wait.as_micros()).unwrap_or(i64::MAX);
    CallError { wait: Some(wait), ..CallError::new(ErrorKind::Open, reason) }
}

/// What a call has that is let out.
pub(crate) struct Pass<'a> {
    lane: &'a Lane,
    admission: Admission,
    _running: Option<tokio::sync::SemaphorePermit<'a>>,
}

impl Pass<'_> {
    /// The call has ended. True if the breaker opens by it.
    pub(crate) fn end(self, attempt: &Attempt) -> bool {
        let lane = self.lane;
        let mut took = lane.took();
        *took = (*took * 7 + attempt.duration) / 8;
        drop(took);
        let Some(mut breaker) = lane.breaker() else { return false };
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
        opens
    }
}

/// Whether a partner that answers this is not well. A mail server that closes or is full is not; with other codes from 400
/// on it speaks of the mail, or puts off whom it does not know yet.
pub(crate) fn says_unwell(status: u16, by_mail: bool) -> bool {
    if by_mail { matches!(status, 421 | 452) } else { status >= 500 || status == 429 }
}

/// Whether an attempt says that the partner is not well. One that answers is, whatever it makes of our request.
fn is_failure(attempt: &Attempt) -> bool {
    match &attempt.outcome {
        Ok(answer) => says_unwell(answer.status, attempt.by_mail),
        Err(error) => matches!(error.kind, ErrorKind::Timeout | ErrorKind::Refused),
    }
}
