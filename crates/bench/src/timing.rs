//! How late things are while events come at an even pace, whatever the server does: the first call of a journey after
//! the acknowledgement of its event, and the end of its wait of two seconds.

use std::{collections::HashMap, time::Duration};

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde_json::{Value, json};
use testkit::server::Server;

use crate::{
    figures, load,
    partner::{TIMED, Times},
    site::Site,
};

/// Enough senders that none waits for the acknowledgement before.
const CLIENTS: u64 = 32;
/// The wait of the journey, in microseconds.
const WAIT: f64 = 2_000_000.0;
/// How many instances are looked at whole.
const SAMPLE: usize = 300;

/// Times journeys at this pace for so many seconds.
pub(crate) fn measure(
    site: &Site,
    server: &Server,
    run: &str,
    per_second: f64,
    seconds: u64,
) -> Result<Value> {
    let count = (per_second * seconds as f64) as u64;
    let before = site.messages()?;
    let profile = |number: u64| format!("{TIMED}{run}-{number}");
    let acks =
        load::paced(server, CLIENTS, per_second, &|number| load::journey(&profile(number)), &|number| {
            number < count
        })?;
    site.wait_for_messages(before + count, Duration::from_secs(60))?;
    let times = site.times()?;
    let mut to_call = Vec::with_capacity(acks.len());
    for ack in &acks {
        let asked = times.get(&profile(ack.number)).and_then(|times| times.asked);
        let asked = asked.with_context(|| format!("event {} has led to no call", ack.number))?;
        // The call may overtake the acknowledgement.
        to_call.push(asked.saturating_sub(ack.at) as f64 / 1000.0);
    }
    let acks: Vec<f64> = acks.iter().map(|ack| ack.ms).collect();
    Ok(json!({
        "per_s": figures::round(per_second),
        "ack_ms": figures::of_times(&acks)?,
        "ack_to_call_ms": figures::of_times(&to_call)?,
        "overshoot_ms": figures::of_times(&overshoots(&times))?,
        "overshoot_by_history_ms": figures::of_times(&overshoots_by_history(server)?)?,
    }))
}

/// From the GET at the partner to the POST, less the two seconds, in milliseconds. That is more than from due to
/// resumed: it has in it the way of the GET's answer, the turn that takes it and begins the wait, the turn that ends the
/// wait with its commit, and the way of the POST. What is within the bar here is within it by any other count.
fn overshoots(times: &HashMap<String, Times>) -> Vec<f64> {
    let late = |times: &Times| {
        let (asked, messaged) = times.asked.zip(times.messaged)?;
        Some((messaged.saturating_sub(asked) as f64 - WAIT) / 1000.0)
    };
    times.values().filter_map(late).collect()
}

/// From the moment at which a wait was due to the moment of the turn that ended it, in milliseconds, of a sample that
/// ended last. A turn's moment is when it began: its commit is not in it.
fn overshoots_by_history(server: &Server) -> Result<Vec<f64>> {
    let mut http = server.admin();
    let page = http.get(&format!("/v1/instances?journey=measured&status=completed&limit={SAMPLE}"))?.json();
    let instances = page.get("instances").and_then(Value::as_array).context("no page of instances")?;
    let mut late = Vec::with_capacity(instances.len());
    for instance in instances {
        let id = instance.get("id").and_then(Value::as_str).context("an instance without an id")?;
        let whole = http.get(&format!("/v1/instances/{id}"))?.json();
        let path = whole.get("path").and_then(Value::as_array).context("an instance without a path")?;
        for (turn, next) in path.iter().zip(path.iter().skip(1)) {
            let Some(until) = waits_until(turn) else { continue };
            let resumed = moment(next.get("at")).context("a turn without a moment")?;
            late.push((resumed - until) as f64 / 1000.0);
        }
    }
    ensure!(!late.is_empty(), "no instance has waited");
    Ok(late)
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
