//! One person who gets most of the events, beside many others: what the others notice of it.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use anyhow::{Context, Result, anyhow};
use serde_json::{Value, json};
use testkit::server::Server;

use crate::{Effort, figures, load, site::Site};

/// Events of others a second, one in a request, and over how many connections: enough that none waits for another.
const OTHERS: f64 = 500.0;
const CLIENTS: u64 = 64;
/// Requests of the hot person a second, and how many events are in each: ten thousand events a second.
const HOT_REQUESTS: f64 = 100.0;
const IN_A_REQUEST: u64 = 100;
const HOT_CLIENTS: u64 = 8;

/// Times the acknowledgements of others, in turn alone and beside the hot person, so that both meet the same machine.
pub(crate) fn measure(site: &Site, effort: &Effort) -> Result<Value> {
    let server = site.start()?;
    let (mut alone, mut beside, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..effort.runs {
        let quiet = p99(&others(&server, &format!("alone-{run}"), effort.timed_seconds)?)?;
        let busy = p99(&others_beside(&server, run, effort.timed_seconds)?)?;
        alone.push(quiet);
        beside.push(busy);
        ratios.push(busy / quiet);
    }
    Ok(json!({
        "hot_events_per_s": HOT_REQUESTS * IN_A_REQUEST as f64,
        "others_ack_ms_p99_alone": figures::of_runs(&alone),
        "others_ack_ms_p99_beside": figures::of_runs(&beside),
        "ratio": figures::of_runs(&ratios),
    }))
}

/// How long the acknowledgements of others take, in milliseconds.
fn others(server: &Server, run: &str, seconds: u64) -> Result<Vec<f64>> {
    let count = (OTHERS * seconds as f64) as u64;
    let text = |number: u64| {
        let profile = format!("other-{}", number % 1_000);
        load::event("Ping", &format!("{run}-{number}"), &profile, r#"{"n":1}"#)
    };
    let acks = load::paced(server, CLIENTS, OTHERS, &text, &|number| number < count)?;
    Ok(acks.into_iter().map(|ack| ack.ms).collect())
}

fn others_beside(server: &Server, run: usize, seconds: u64) -> Result<Vec<f64>> {
    let over = AtomicBool::new(false);
    let text = |number: u64| {
        let numbers = number * IN_A_REQUEST..(number + 1) * IN_A_REQUEST;
        load::batch(
            numbers.map(|number| load::event("Ping", &format!("hot-{run}-{number}"), "hot", r#"{"n":1}"#)),
        )
    };
    std::thread::scope(|scope| {
        let hot = scope.spawn(|| {
            load::paced(server, HOT_CLIENTS, HOT_REQUESTS, &text, &|_| !over.load(Ordering::Relaxed))
        });
        std::thread::sleep(Duration::from_millis(500));
        let others = others(server, &format!("beside-{run}"), seconds);
        over.store(true, Ordering::Relaxed);
        hot.join().unwrap_or_else(|_| Err(anyhow!("the hot person's senders failed")))?;
        others
    })
}

fn p99(times: &[f64]) -> Result<f64> {
    figures::of_times(times)?.get("p99").and_then(Value::as_f64).context("no percentile")
}
