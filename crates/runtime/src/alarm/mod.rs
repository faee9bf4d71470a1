//! Tells journeys what happens to connections and instances, as events of the server's own (`system.connectionFailing`).
//!
//! Each node counts what it sees, in memory, and looks once a second whether there is something to tell. The id of such an
//! event is made of what happened and of a slice of time, so that of several nodes that tell the same the log keeps one. An
//! event that no journey heeds is not told. Deliberately absent: what is done about it, which journeys say.

mod health;
mod herd;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use connect::Attempt;
use engine::{Instance, Status, person::OWN_IDS};
use graph::{ErrorKind, Name, is_system_key, system, system_key};
use jiff::Timestamp;
use serde_json::{Value as Json, json, value::RawValue};

use crate::{Receipt, Received, Runtime, breaker::Stands, check, lane::says_unwell};
use health::{Health, News};
use herd::Herd;

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);
/// A slice of time, in seconds: within one, an occurrence is told once.
const SLICE: i64 = 300;

/// What a node has seen lately.
#[derive(Default)]
pub(crate) struct Alarms {
    connections: Mutex<HashMap<Name, Health>>,
    /// Instances that failed, by journey, version and step.
    steps: Mutex<BTreeMap<(Name, Name, Name), Herd>>,
}

/// Something to be told.
struct Telling {
    event: &'static str,
    /// The connection or the journey.
    about: Name,
    /// What sets it apart from others of its kind.
    id: String,
    properties: Json,
    then: Then,
}

/// What is to be remembered once it is told.
enum Then {
    Failing,
    Recovered,
    Step((Name, Name, Name)),
}

impl Alarms {
    /// An attempt has ended; whether the breaker opened by it.
    pub(crate) fn ended(&self, connection: &Name, attempt: &Attempt, opened: bool) {
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let health = connections.entry(connection.clone()).or_insert_with(|| Health::new(now));
        health.ended(trouble(attempt), now);
        if opened {
            health.opened();
        }
    }

    /// Instances as a turn has written them at this moment: those that failed by it are counted. Whoever is in a journey
    /// because of an alarm raises none, so that no alarm follows from another.
    pub(crate) fn written<'a>(&self, instances: impl Iterator<Item = &'a Instance>, at: Timestamp) {
        for instance in instances.filter(|instance| instance.status == Status::Failed) {
            let failed_now = instance.state.failure.as_ref().is_some_and(|failure| failure.at == at);
            if failed_now && !is_system_key(&instance.profile) {
                let step = (instance.journey.clone(), instance.version.clone(), instance.step.clone());
                let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
                steps.entry(step).or_default().failed(Instant::now());
            }
        }
    }

    /// What is to be told in this slice of time.
    fn due(&self, stands: &HashMap<Name, Option<Stands>>, slice: i64, now: Instant) -> Vec<Telling> {
        let mut due = Vec::new();
        let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
        for (connection, health) in connections.iter_mut() {
            let breaker = stands.get(connection).copied().flatten();
            due.extend(health.look(breaker, slice, now).map(|news| of_connection(connection, news, slice)));
        }
        drop(connections);
        let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
        steps.retain(|_, herd| herd.goes_on(now));
        due.extend(steps.iter().filter_map(|(step, herd)| Some(of_step(step, herd.look(slice)?, slice))));
        due
    }

    /// It is told, or nobody wants to hear it.
    fn told(&self, telling: &Telling, slice: i64) {
        match &telling.then {
            Then::Step(step) => {
                let mut steps = self.steps.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(herd) = steps.get_mut(step) {
                    herd.told(slice);
                }
            }
            Then::Failing | Then::Recovered => {
                let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
                let Some(health) = connections.get_mut(&telling.about) else { return };
                match telling.then {
                    Then::Failing => health.told(slice),
                    Then::Recovered | Then::Step(_) => health.recovered(Instant::now()),
                }
            }
        }
    }
}

/// Looks again and again, until it is time to stop.
pub(crate) async fn watch(runtime: Runtime) {
    let stop = runtime.shared.stop.begun.clone();
    while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
        let (alarms, slice) = (&runtime.shared.calling.alarms, runtime.now().as_second().div_euclid(SLICE));
        let lanes = runtime.shared.calling.lanes.report();
        let stands = lanes.into_iter().map(|lane| (lane.connection, lane.breaker)).collect();
        for telling in alarms.due(&stands, slice, Instant::now()) {
            if !is_heeded(&runtime, telling.event) || tell(&runtime, &telling).await {
                alarms.told(&telling, slice);
            }
        }
    }
}

/// Whether a journey heeds an event.
fn is_heeded(runtime: &Runtime, event: &str) -> bool {
    let journeys = runtime.catalog().project().journeys.values();
    journeys.into_iter().any(|journey| journey.entry_by(event).is_some() || journey.listens_to(event))
}

/// Lets the event happen; false if it must be tried again.
async fn tell(runtime: &Runtime, telling: &Telling) -> bool {
    let text = telling.properties.to_string();
    let event = check::Incoming {
        id: telling.id.clone(),
        what: check::What::System(telling.event.into()),
        profile: system_key(telling.event, &telling.about).to_string(),
        at: None,
        properties: RawValue::from_string(text.clone()).ok(),
    };
    let told = runtime.take_events(vec![Received { text: &text, event: Ok(event), sender: None }]).await;
    match told.as_deref() {
        Ok([Ok(Receipt::Accepted(_))]) => {
            tracing::warn!(event = telling.event, about = %telling.about, "told");
            true
        }
        // Another node told it, or somebody is wrong about its shape, which trying again does not mend.
        Ok([Ok(Receipt::Duplicate)]) => true,
        Ok([Err(refusal)]) => {
            tracing::error!(event = telling.event, field = %refusal.field, reason = %refusal.reason, "not told");
            true
        }
        Ok(_) | Err(_) => false,
    }
}

fn of_connection(connection: &Name, news: News, slice: i64) -> Telling {
    let (event, what, slice, properties, then) = match news {
        News::Failing(figures) => {
            let percent = figures.percent();
            let properties = json!({
                "connection": &**connection,
                "reason": figures.reason(),
                "calls": figures.calls,
                "failed": figures.failed,
                "share": f64::from(percent) / 100.0,
                "kind": figures.kind(),
            });
            (system::CONNECTION_FAILING, "failing", slice, properties, Then::Failing)
        }
        // Of the occurrence that it ends, so that each has an end of its own.
        News::Recovered { told } => {
            let properties = json!({ "connection": &**connection });
            (system::CONNECTION_RECOVERED, "recovered", told, properties, Then::Recovered)
        }
    };
    let id = format!("{OWN_IDS}{what}-{connection}-{slice}");
    Telling { event, about: connection.clone(), id, properties, then }
}

fn of_step(step: &(Name, Name, Name), failed: u64, slice: i64) -> Telling {
    let (journey, version, place) = step;
    Telling {
        event: system::INSTANCES_FAILING,
        about: journey.clone(),
        id: format!("{OWN_IDS}instances-failing-{journey}-{version}-{place}-{slice}"),
        properties: json!({ "journey": &**journey, "version": &**version, "step": &**place, "failed": failed }),
        then: Then::Step(step.clone()),
    }
}

/// The kind of error by which an attempt says that something is wrong with the connection; none when it is well. A partner
/// that answers and speaks of our request alone, as with 404, is well; one that does not know us any more is not.
fn trouble(attempt: &Attempt) -> Option<ErrorKind> {
    match &attempt.outcome {
        Ok(answer) if !attempt.by_mail && matches!(answer.status, 401 | 403) => Some(ErrorKind::Auth),
        Ok(answer) => says_unwell(answer.status, attempt.by_mail).then_some(ErrorKind::Http),
        // Of a mail that is the address or the text, and nothing of the server.
        Err(error) if attempt.by_mail && error.kind == ErrorKind::Invalid => None,
        Err(error) => Some(error.kind),
    }
}
