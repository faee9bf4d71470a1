//! Carries calls out: attempts run beside each other, bounded per connection, and report to their worker.
//!
//! A call is in the store before it comes here, and comes here only if a place was reserved for it: memory is bounded by
//! the places, whatever the store holds. A dead partner fills its own places and nobody else's.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use connect::Partners;
use engine::Effect;
use graph::Name;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio_util::task::TaskTracker;

use crate::{Stop, command::Command, turn::Dispatch};

/// How many calls of one connection may be in memory, waiting or under way.
const PLACES: usize = 4_096;
/// How many attempts of one connection run beside each other.
const AT_ONCE: usize = 256;

/// Carries calls out.
pub(crate) struct Dispatcher {
    partners: Partners,
    reports: mpsc::Sender<Command>,
    tasks: TaskTracker,
    stop: Stop,
    lanes: Mutex<HashMap<Name, Lane>>,
}

#[derive(Clone)]
struct Lane {
    places: Arc<Semaphore>,
    at_once: Arc<Semaphore>,
}

/// Places reserved for the calls of one turn.
#[derive(Default)]
pub(crate) struct Reserved(HashMap<Name, Vec<OwnedSemaphorePermit>>);

impl Dispatcher {
    pub(crate) fn new(
        partners: Partners,
        reports: mpsc::Sender<Command>,
        tasks: TaskTracker,
        stop: Stop,
    ) -> Dispatcher {
        Dispatcher { partners, reports, tasks, stop, lanes: Mutex::default() }
    }

    fn lane(&self, connection: &Name) -> Lane {
        let mut lanes = self.lanes.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        lanes
            .entry(connection.clone())
            .or_insert_with(|| Lane {
                places: Arc::new(Semaphore::new(PLACES)),
                at_once: Arc::new(Semaphore::new(AT_ONCE)),
            })
            .clone()
    }

    /// Reserves a place for one call of a connection, if there is one.
    pub(crate) fn reserve(&self, connection: &Name, reserved: &mut Reserved) -> bool {
        match self.lane(connection).places.try_acquire_owned() {
            Ok(permit) => {
                reserved.0.entry(connection.clone()).or_default().push(permit);
                true
            }
            Err(_) => false,
        }
    }

    /// Carries a call out on one of the reserved places.
    pub(crate) fn dispatch(&self, dispatch: Dispatch, reserved: &mut Reserved) {
        let Effect::Call { call, attempt, idempotency_key, action, request } = dispatch.effect;
        let place = reserved.0.get_mut(&request.connection).and_then(Vec::pop);
        let lane = self.lane(&request.connection);
        let (partners, reports, stop) = (self.partners.clone(), self.reports.clone(), self.stop.clone());
        self.tasks.spawn(async move {
            // Whatever is given up stays in the store: whoever has the shard next makes the attempt under the same key.
            let Some(_running) = stop.begun.run_until_cancelled(lane.at_once.acquire_owned()).await else {
                let _ = reports.send(Command::CallDropped { id: dispatch.instance }).await;
                return;
            };
            let attempt_of_call = partners.attempt(&request, idempotency_key);
            let Some(result) = stop.over.run_until_cancelled(attempt_of_call).await else { return };
            record(&request.connection, &action, &result);
            let outcome = result.outcome;
            drop(place);
            let report = Command::CallEnded {
                shard: dispatch.shard,
                profile: dispatch.profile,
                id: dispatch.instance,
                call,
                attempt,
                outcome,
            };
            // A closed channel means that the worker has stopped; the lease of the call brings it back.
            let _ = reports.send(report).await;
        });
    }
}

fn record(connection: &Name, action: &Name, result: &connect::Attempt) {
    let outcome = match &result.outcome {
        Ok(answer) if (200..300).contains(&answer.status) => "ok",
        Ok(_) => "http",
        Err(error) => error.kind.word(),
    };
    let labels = [("connection", connection.to_string()), ("action", action.to_string())];
    metrics::histogram!("wayfare_call_seconds", &labels).record(result.duration.as_secs_f64());
    let [connection, action] = labels;
    metrics::counter!("wayfare_calls_total", &[connection, action, ("outcome", outcome.to_owned())])
        .increment(1);
    if let Err(error) = &result.outcome {
        tracing::debug!(kind = error.kind.word(), reason = %error.reason, "a call failed");
    }
}
