//! A million instances due in the same second: how long until all of them have gone on, and what senders notice of it.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, ensure};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use testkit::server::Server;

use crate::{
    Effort, figures, load,
    processes::rss_mib,
    site::{Site, count_of},
};

/// How many others are let in first, to see how fast that goes.
const PROBE: u64 = 20_000;
/// Events that come while it drains, a second, and over how many connections: enough that none waits for another.
const PACE: f64 = 100.0;
const CLIENTS: u64 = 64;

/// Fills, waits for the moment, and watches.
pub(crate) fn measure(site: &Site, effort: &Effort) -> Result<Value> {
    let server = site.start()?;
    let count = effort.nappers;
    let filled = gather(&server, &Herd { event: "Nap", journey: "napper", run: 0, count })?;
    let drained = AtomicBool::new(false);
    let (seconds, acks) = std::thread::scope(|scope| {
        let senders = scope.spawn(|| {
            let text =
                |number: u64| load::event("Ping", &number.to_string(), &format!("p-{number}"), r#"{"n":1}"#);
            load::paced(&server, CLIENTS, PACE, &text, &|_| !drained.load(Ordering::Relaxed))
        });
        let seconds = until_drained(&server, count, effort.drain_deadline);
        drained.store(true, Ordering::Relaxed);
        (seconds, senders.join())
    });
    let acks = acks.unwrap_or_else(|_| Err(anyhow!("the senders failed")));
    let acks = acks.and_then(|acks| figures::of_times(&acks.iter().map(|ack| ack.ms).collect::<Vec<f64>>()));
    Ok(json!({
        "due_at_once": count,
        "filled_per_s": figures::round(count as f64 / filled),
        "drained_s": figures::or_error("drained", seconds.map(|seconds| figures::round(seconds).into())),
        "ack_ms_meanwhile": figures::or_error("acknowledgements meanwhile", acks),
        "rss_mib": figures::round(rss_mib(server.pid())?),
    }))
}

/// People who all wait for one moment.
pub(crate) struct Herd {
    /// The event that lets them in, with the moment as `until`.
    pub(crate) event: &'static str,
    /// The journey that they wait in.
    pub(crate) journey: &'static str,
    /// Which herd it is in this journey, from 0.
    pub(crate) run: usize,
    pub(crate) count: u64,
}

/// Lets a herd in and waits for its moment; gives how many seconds it took to let them in.
pub(crate) fn gather(server: &Server, herd: &Herd) -> Result<f64> {
    let Herd { event, journey, run, count } = *herd;
    // The moment is said in every event and so must be known before. It goes slower later.
    let probe = load::fill(server, 0..PROBE, Duration::from_secs(60), &|number| {
        let profile = format!("sleeper-{run}-{number}");
        load::event("Sleep", &profile, &profile, "{}")
    })?;
    let time = Duration::from_secs_f64(3.0 + 2.0 * probe * count as f64 / PROBE as f64);
    let moment = Timestamp::now() + SignedDuration::try_from(time)?;
    let until = format!(r#"{{"until":"{moment}"}}"#);
    let text = |number: u64| {
        let profile = format!("{journey}-{run}-{number}");
        load::event(event, &profile, &profile, &until)
    };
    let filled =
        load::fill(server, 0..count, time, &text).context("the moment came before all waited for it")?;
    let waiting = count_of(server, journey, "waiting")?;
    ensure!(waiting == count, "{waiting} of {count} wait for the moment");
    std::thread::sleep(Duration::try_from(moment.duration_since(Timestamp::now())).unwrap_or_default());
    Ok(filled)
}

/// Seconds until none waits any more.
fn until_drained(server: &Server, count: u64, most: Duration) -> Result<f64> {
    let start = Instant::now();
    loop {
        let waiting = count_of(server, "napper", "waiting")?;
        let elapsed = start.elapsed();
        if waiting == 0 {
            let ended = count_of(server, "napper", "ended")?;
            ensure!(ended == count, "{ended} of {count} have ended");
            return Ok(elapsed.as_secs_f64());
        }
        ensure!(elapsed < most, "{waiting} of {count} still wait after {most:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
