//! Carries calls out: attempts run beside each other, in the lanes of their connections, and report to their worker.
//!
//! A call is in the store before it comes here, and comes here only if a place was reserved for it: memory is bounded by
//! the places, whatever the store holds. A dead partner fills its own places and nobody else's.

use std::{
    collections::HashMap,
    panic::AssertUnwindSafe,
    sync::Arc,
    time::{Duration, Instant},
};

use connect::{Partners, Trace};
use engine::{AttemptId, Effect};
use futures_util::FutureExt as _;
use graph::{Answer, CallError, Name, Request};
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::{
    Attempted, Called, Entry, Stop, Witness,
    alarm::Alarms,
    cache::Answers,
    command::Command,
    lane::{Lane, Lanes, NoPlace},
    places::Place,
    tally::Tally,
    tenure::{Tenure, Tenures},
    turn::Dispatch,
};

/// What the calls of a node go out with.
pub(crate) struct Calling {
    pub(crate) partners: Partners,
    pub(crate) lanes: Lanes,
    pub(crate) tenures: Tenures,
    pub(crate) answers: Answers,
    pub(crate) tally: Tally,
    pub(crate) alarms: Alarms,
    pub(crate) witness: Option<Arc<dyn Witness>>,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: Stop,
}

impl Calling {
    /// Instances have entered, in a turn that took so long and is written.
    pub(crate) fn entered(&self, entries: Vec<Entry>, took: Duration) {
        let Some(witness) = &self.witness else { return };
        entries.into_iter().for_each(|entry| witness.entered(Entry { took, ..entry }));
    }
}

/// Carries the calls of a worker out.
pub(crate) struct Dispatcher {
    pub(crate) calling: Arc<Calling>,
    pub(crate) reports: mpsc::Sender<Command>,
}

/// Places reserved for the calls of one turn.
#[derive(Default)]
pub(crate) struct Reserved(HashMap<Name, (Arc<Lane>, Vec<Place>)>);

impl Dispatcher {
    /// Reserves a place for one call of a connection by a journey, or says when to ask again.
    pub(crate) fn reserve(
        &self,
        connection: &Name,
        journey: &Name,
        now: Timestamp,
        reserved: &mut Reserved,
    ) -> Result<(), NoPlace> {
        let lane = || (self.calling.lanes.of(connection), Vec::new());
        let (lane, places) = reserved.0.entry(connection.clone()).or_insert_with(lane);
        places.push(lane.reserve(journey, now)?);
        Ok(())
    }

    /// Carries a call out on one of the reserved places.
    pub(crate) fn dispatch(&self, dispatch: Dispatch, reserved: &mut Reserved) {
        let attempt = dispatch.attempt();
        let (journey, step) = (dispatch.journey, dispatch.step);
        let Effect::Call { idempotency_key, action, request, cache, .. } = dispatch.effect;
        let Some((lane, places)) = reserved.0.get_mut(&request.connection) else { return };
        let (lane, place) = (lane.clone(), places.pop());
        let (calling, reports) = (self.calling.clone(), self.reports.clone());
        let tenure = calling.tenures.of(dispatch.shard);
        self.calling.tasks.spawn(async move {
            // Until its worker has been told how it ended.
            let _under_way = tenure.under_way();
            let attempt_of_call = Attempt {
                calling: &calling,
                lane: &lane,
                tenure: &tenure,
                id: attempt,
                idempotency_key,
                journey: &journey,
                step: &step,
                action: &action,
                request: &request,
            };
            // A fault of our own must not leave the call without an end, as if it took for ever.
            let ended = AssertUnwindSafe(attempt_of_call.made_or_kept(cache)).catch_unwind().await;
            let outcome = match ended {
                Ok(Ok(answer)) => Ok(answer),
                Ok(Err(Missed::Error(error))) => Err(error),
                // Whatever is given up stays in the store: whoever has the shard next makes the attempt under the same key.
                Ok(Err(Missed::NotBegun)) => {
                    let _ = reports.send(Command::CallDropped { attempt }).await;
                    return;
                }
                Ok(Err(Missed::GivenUp)) => return,
                Err(payload) => {
                    let error = engine::panicked(&*payload);
                    tracing::error!(instance = %attempt.instance, %journey, %step, "a fault in Wayfare itself has ended an attempt");
                    note(&calling.tally, &request, &action, error.kind.word(), None);
                    Err(error)
                }
            };
            drop(place);
            let report =
                Command::CallEnded { shard: dispatch.shard, profile: dispatch.profile, attempt, outcome };
            // A closed channel means that the worker has stopped; the lease of the call brings it back.
            let _ = reports.send(report).await;
        });
    }
}

/// An attempt that is to be made.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    calling: &'a Calling,
    lane: &'a Lane,
    tenure: &'a Tenure,
    id: AttemptId,
    idempotency_key: Uuid,
    journey: &'a Name,
    step: &'a Name,
    action: &'a Name,
    request: &'a Request,
}

/// Why an attempt has no answer.
#[derive(Clone)]
enum Missed {
    /// It failed, or was held back.
    Error(CallError),
    /// It is time to stop, or the shard goes to another node, and it had not begun.
    NotBegun,
    /// It is too late to wait for its end.
    GivenUp,
}

impl Attempt<'_> {
    /// Makes it, unless its answer may be one that was kept for a time, in microseconds.
    async fn made_or_kept(self, time: Option<i64>) -> Result<Answer, Missed> {
        let Some(micros) = time else { return self.make().await };
        let Attempt { calling, request, action, .. } = self;
        let time = Duration::from_micros(micros.unsigned_abs());
        loop {
            // On the heap, so that calls whose answers are not kept are no larger for it.
            let (ended, was_kept) = Box::pin(calling.answers.of(request, time, self.make())).await;
            // Whoever was waited for had no time left, which says nothing of this one.
            if was_kept && matches!(ended, Err(Missed::NotBegun)) && !self.tenure.ending().is_cancelled() {
                continue;
            }
            if was_kept {
                note(&calling.tally, request, action, "cached", None);
            }
            return ended;
        }
    }

    /// Waits until it may go out, and makes it.
    async fn make(self) -> Result<Answer, Missed> {
        let Calling { partners, tally, stop, witness, .. } = self.calling;
        let AttemptId { instance, call, attempt } = self.id;
        // What nobody here records, a partner may: he is told to go by that the trace is whole.
        let recorded = witness.as_deref().is_none_or(|witness| witness.records(instance));
        let trace = Trace::of(instance, call, attempt, recorded);
        let entered = self.tenure.ending().run_until_cancelled(self.lane.enter(self.id)).await;
        let pass = match entered.ok_or(Missed::NotBegun)? {
            Ok(pass) => pass,
            Err(refused) => {
                note(tally, self.request, self.action, refused.kind.word(), None);
                self.witnessed(trace, false, Err(refused.kind.word()), Duration::ZERO).await;
                return Err(Missed::Error(refused));
            }
        };
        let made = partners.attempt(self.request, self.idempotency_key, Some(trace));
        let made = stop.over.run_until_cancelled(made).await.ok_or(Missed::GivenUp)?;
        let opened = pass.end(&made);
        self.calling.alarms.ended(&self.request.connection, &made, opened);
        note(tally, self.request, self.action, end_of(&made.outcome), Some(made.duration));
        let end = made.outcome.as_ref().map(|answer| answer.status).map_err(|error| error.kind.word());
        self.witnessed(trace, true, end, made.duration).await;
        made.outcome.map_err(Missed::Error)
    }

    /// Tells whoever records traces how it ended, and where it went if it did.
    async fn witnessed(&self, trace: Trace, went: bool, end: Result<u16, &'static str>, took: Duration) {
        let Some(witness) = self.calling.witness.as_deref().filter(|_| trace.sampled) else { return };
        let connection = &self.request.connection;
        let host = if went { self.calling.partners.host(connection).await } else { None };
        witness.attempted(Attempted {
            trace,
            call: Called {
                connection: connection.clone(),
                action: self.action.clone(),
                journey: self.journey.clone(),
                step: self.step.clone(),
            },
            number: self.id.call,
            attempt: self.id.attempt,
            method: self.request.method.clone(),
            host,
            end,
            took,
        });
    }
}

/// Notes how an attempt ended.
fn note(tally: &Tally, request: &Request, action: &Name, end: &'static str, took: Option<Duration>) {
    let connection = &request.connection;
    let labels = [("connection", connection.to_string()), ("action", action.to_string())];
    if let Some(took) = took {
        metrics::histogram!("wayfare_call_seconds", &labels).record(took.as_secs_f64());
    }
    let [one, two] = labels;
    metrics::counter!("wayfare_calls_total", &[one, two, ("outcome", end.to_owned())]).increment(1);
    tally.count(connection, action, end, took, Instant::now());
}

/// How an attempt ended, in a word.
fn end_of(outcome: &Result<Answer, CallError>) -> &'static str {
    match outcome {
        Ok(answer) if (200..300).contains(&answer.status) => "ok",
        Ok(_) => "http",
        Err(error) => {
            tracing::debug!(kind = error.kind.word(), reason = %error.reason, "a call failed");
            error.kind.word()
        }
    }
}
