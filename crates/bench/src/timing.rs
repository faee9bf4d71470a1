//! How late things are while events come at an even pace, whatever the server does: the first call of a journey after
//! the acknowledgement of its event, and the end of its wait of two seconds.

use std::{collections::HashMap, ops::Range, time::Duration};

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde_json::{Value, json};
use testkit::server::Server;
use uuid::Uuid;

use crate::{
    figures, load,
    partner::{TIMED, Times, now_micros},
    site::Site,
};

/// Enough senders that none waits for the acknowledgement before.
const CLIENTS: u64 = 128;
/// The wait of the journey.
const WAIT_SECONDS: f64 = 2.0;
/// At how many moments of the run instances are looked at whole, and how many each time.
const SAMPLES: u64 = 25;
const A_SAMPLE: u64 = 40;

/// Times journeys at this pace for so many seconds.
pub(crate) fn measure(
    site: &Site,
    server: &Server,
    run: &str,
    per_second: f64,
    seconds: u64,
) -> Result<Value> {
    let count = (per_second * seconds as f64) as u64;
    let before = (site.messages()?, now_micros());
    let profile = |number: u64| format!("{TIMED}{run}-{number}");
    let text = |number: u64| load::journey(&profile(number));
    let acks = load::paced(server, CLIENTS, per_second, &text, &|number| number < count)?;
    let ended = now_micros();
    site.wait_for_messages(before.0 + count, Duration::from_secs(60))?;
    let times = site.times()?;
    let (mut ack_to_call, mut sent_to_call) =
        (Vec::with_capacity(acks.len()), Vec::with_capacity(acks.len()));
    for ack in &acks {
        let asked = times.get(&profile(ack.number)).and_then(|times| times.asked);
        let asked = asked.with_context(|| format!("event {} has led to no call", ack.number))?;
        let since = (asked as f64 - ack.at as f64) / 1000.0;
        // The call may overtake the acknowledgement.
        ack_to_call.push(since.max(0.0));
        sent_to_call.push(since + ack.ms);
    }
    let acks: Vec<f64> = acks.iter().map(|ack| ack.ms).collect();
    let late = lateness(server, before.1..ended, &times)?;
    Ok(json!({
        "per_s": figures::round(count as f64 * 1_000_000.0 / (ended - before.1) as f64),
        "ack_ms": figures::of_times(&acks)?,
        "ack_to_call_ms": figures::of_times(&ack_to_call)?,
        "sent_to_call_ms": figures::of_times(&sent_to_call)?,
        "overshoot_ms": figures::of_times(&late.until_message)?,
        "overshoot_to_turn_ms": figures::of_times(&late.until_turn)?,
    }))
}

/// How late waits ended, in milliseconds.
#[derive(Default)]
struct Late {
    /// From the moment at which the wait was due to the arrival of the POST that follows it. It has in it the wait for
    /// a turn, the turn with its commit, and the way of the POST: all that is needed to say that it has resumed.
    until_message: Vec<f64>,
    /// To the moment at which the turn that ended it began: its commit is not in it.
    until_turn: Vec<f64>,
}

/// A sample of the instances of a run, from all of its time but the end: those wait when the load is over.
fn lateness(server: &Server, run: Range<u64>, times: &HashMap<String, Times>) -> Result<Late> {
    let mut http = server.admin();
    let mut late = Late::default();
    let last = run.end.saturating_sub((WAIT_SECONDS * 1_000_000.0) as u64).max(run.start + 1_000_000);
    for number in 1..=SAMPLES {
        let before = id_at(run.start + (last - run.start) * number / SAMPLES);
        let filter = format!("journey=measured&status=completed&before={before}&limit={A_SAMPLE}");
        let page = http.get(&format!("/v1/instances?{filter}"))?.json();
        for instance in page.get("instances").and_then(Value::as_array).context("no page of instances")? {
            let id = instance.get("id").and_then(Value::as_str).context("an instance without an id")?;
            late.add(&http.get(&format!("/v1/instances/{id}"))?.json(), times)?;
        }
    }
    Ok(late)
}

impl Late {
    /// Instances of other runs are passed over.
    fn add(&mut self, instance: &Value, times: &HashMap<String, Times>) -> Result<()> {
        let profile = instance.get("profile").and_then(Value::as_str).unwrap_or_default();
        let Some(messaged) = times.get(profile).and_then(|times| times.messaged) else { return Ok(()) };
        let path = instance.get("path").and_then(Value::as_array).context("an instance without a path")?;
        for (turn, next) in path.iter().zip(path.iter().skip(1)) {
            let Some(until) = waits_until(turn) else { continue };
            let resumed = moment(next.get("at")).context("a turn without a moment")?;
            self.until_message.push((messaged as f64 - until as f64) / 1000.0);
            self.until_turn.push((resumed - until) as f64 / 1000.0);
        }
        Ok(())
    }
}

/// An id that is greater than those of all instances that had entered at a moment: they begin with theirs.
fn id_at(micros: u64) -> Uuid {
    Uuid::from_u128(u128::from(micros / 1000) << 80)
}

/// Until when an instance waits after a turn, in microseconds.
fn waits_until(turn: &Value) -> Option<i64> {
    let happenings = turn.get("happenings")?.as_array()?;
    let waits =
        happenings.iter().find(|happening| happening.get("what").is_some_and(|what| what == "waits"))?;
    moment(waits.get("until"))
}

fn moment(text: Option<&Value>) -> Option<i64> {
    text?.as_str()?.parse::<Timestamp>().ok().map(Timestamp::as_microsecond)
}
