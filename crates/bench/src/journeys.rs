//! Complete journeys (event → GET → branch → 2 s wait → POST): how many a second are held, what CPU each costs, how
//! late their calls and waits are, and how near the server comes to the floor.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use testkit::server::Server;

use crate::{
    Effort, figures, floor, load,
    processes::cpu_ms,
    site::{Site, count_of},
    timing,
};

/// So many that the server, not the way to it and back, says how much comes.
const CLIENTS: u64 = 256;
/// Over how long the senders begin: the two seconds of a journey's wait, twice.
const RAMP: Duration = Duration::from_secs(4);
/// Until the mix of turns is that of the steady state.
const WARM_UP: Duration = Duration::from_secs(8);
/// How many inputs a complete journey is: the event, the GET's answer, the end of the wait, the POST's answer.
const INPUTS: f64 = 4.0;

/// Measures all of it. What fails is said in its place.
pub(crate) fn measure(site: &Site, effort: &Effort) -> Result<Value> {
    let server = site.start()?;
    let quiet = timing::measure(site, &server, "quiet", 100.0, effort.timed_seconds);
    let quiet = figures::or_error("at 100 a second", quiet);
    let held = figures::or_error("held", held(site, &server, effort));
    let top = held.pointer("/per_s/median").and_then(Value::as_f64).context("no rate was held");
    let busy = top.and_then(|top| timing::measure(site, &server, "busy", top / 2.0, effort.timed_seconds));
    let busy = figures::or_error("at half of the top rate", busy);
    let bytes = figures::or_error("bytes in the database", bytes_each(site, &server).map(Value::from));
    Ok(json!({
        "at_100_per_s": quiet,
        "held": held,
        "at_half_of_the_top_rate": busy,
        "bytes_each": bytes,
    }))
}

/// What a journey that is over leaves behind in the database, its indexes included.
fn bytes_each(site: &Site, server: &Server) -> Result<f64> {
    let ended = count_of(server, "measured", "ended")?;
    ensure!(ended > 0, "no journey has ended");
    Ok((site.database_bytes()? as f64 / ended as f64).round())
}

/// Holds the top rate several times. The floor is measured right after each run, so that the two that are compared meet
/// the same machine.
fn held(site: &Site, server: &Server, effort: &Effort) -> Result<Value> {
    let (mut held, mut floors) = (Vec::new(), Vec::new());
    for run in 0..effort.runs {
        let one = hold(site, server, run, effort.held_seconds)?;
        eprintln!("run: {}", one.json());
        floors.push(floor::measure(site, &format!("floor-{run}.db"), one.inputs_per_turn, effort)?);
        held.push(one);
    }
    let of = |figure: fn(&Held) -> f64| figures::of_runs(&held.iter().map(figure).collect::<Vec<f64>>());
    let database: Option<Vec<f64>> = held.iter().map(|held| held.database_cpu_ms).collect();
    let shares: Vec<f64> = held.iter().zip(&floors).map(|(held, floor)| held.per_second / floor).collect();
    Ok(json!({
        "per_s": of(|held| held.per_second),
        "cpu_ms_each": of(|held| held.cpu_ms),
        "database_cpu_ms_each": database.map(|each| figures::of_runs(&each)),
        "inputs_per_turn": of(|held| held.inputs_per_turn),
        "floor_per_s": figures::of_runs(&floors),
        "share_of_floor": figures::of_runs(&shares),
        "runs": held.iter().map(Held::json).collect::<Value>(),
    }))
}

/// A rate that was held.
struct Held {
    /// Messages that came to the partner, a second.
    per_second: f64,
    /// Events that were acknowledged, a second; more than come out is more than is held.
    acknowledged_per_second: f64,
    cpu_ms: f64,
    database_cpu_ms: Option<f64>,
    inputs_per_turn: f64,
    /// How many messages came in each second, to see whether the rate was held.
    by_second: Vec<u64>,
}

impl Held {
    fn json(&self) -> Value {
        json!({
            "per_s": figures::round(self.per_second),
            "acknowledged_per_s": figures::round(self.acknowledged_per_second),
            "cpu_ms_each": figures::round(self.cpu_ms),
            "database_cpu_ms_each": self.database_cpu_ms.map(figures::round),
            "inputs_per_turn": figures::round(self.inputs_per_turn),
            "by_second": self.by_second,
        })
    }
}

/// Senders that send their next event when the one before is acknowledged keep the server as busy as it takes; the
/// journeys that come out at the other end, at the partner, are counted over the steady part.
fn hold(site: &Site, server: &Server, run: usize, seconds: u64) -> Result<Held> {
    let at_first = site.messages()?;
    let request = |client: u64, n: u64| (load::journey(&format!("held-{run}-{client}-{n}")), 1);
    let (seen, sent) = load::closed_loop(server, CLIENTS, RAMP, &request, |acknowledged| {
        std::thread::sleep(WARM_UP);
        let before = Moment::now(site, server, acknowledged)?;
        let mut by_second = vec![before.messages];
        for second in 1..=seconds {
            let until = before.at + Duration::from_secs(second);
            std::thread::sleep(until.saturating_duration_since(Instant::now()));
            by_second.push(site.messages()?);
        }
        anyhow::Ok((before, by_second, Moment::now(site, server, acknowledged)?))
    });
    let (before, by_second, after) = seen?;
    // What is under way ends first, so that the next measurement meets an idle server.
    site.wait_for_messages(at_first + sent, Duration::from_secs(120))?;
    let journeys = (after.messages - before.messages) as f64;
    ensure!(journeys > 0.0, "no journey ended within {seconds} s");
    let seconds = (after.at - before.at).as_secs_f64();
    let database = after.database_cpu_ms.zip(before.database_cpu_ms);
    Ok(Held {
        per_second: journeys / seconds,
        acknowledged_per_second: (after.acknowledged - before.acknowledged) as f64 / seconds,
        cpu_ms: (after.cpu_ms - before.cpu_ms) / journeys,
        database_cpu_ms: database.map(|(after, before)| (after - before) / journeys),
        inputs_per_turn: INPUTS * journeys / (after.turns - before.turns),
        by_second: by_second.iter().zip(by_second.iter().skip(1)).map(|(one, next)| next - one).collect(),
    })
}

/// What is seen at one moment of a run.
struct Moment {
    at: Instant,
    messages: u64,
    acknowledged: u64,
    turns: f64,
    cpu_ms: f64,
    database_cpu_ms: Option<f64>,
}

impl Moment {
    fn now(site: &Site, server: &Server, acknowledged: &AtomicU64) -> Result<Moment> {
        Ok(Moment {
            messages: site.messages()?,
            at: Instant::now(),
            acknowledged: acknowledged.load(Ordering::Relaxed),
            turns: turns(server)?,
            cpu_ms: cpu_ms(server.pid())?,
            database_cpu_ms: site.database_cpu_ms()?,
        })
    }
}

/// How many turns the server has written.
fn turns(server: &Server) -> Result<f64> {
    let metrics = server.admin().get("/metrics")?.body;
    let line =
        metrics.lines().find_map(|line| line.strip_prefix("wayfare_turns_total{outcome=\"written\"} "));
    line.and_then(|number| number.trim().parse().ok()).context("the server does not count its turns")
}
