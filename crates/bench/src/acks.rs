//! Durable acknowledgements a second: 64 clients, one event a request and a hundred a request. The events start no
//! journey: what is measured is the way from the wire to the disk.

use std::{
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use anyhow::Result;
use serde_json::{Value, json};
use testkit::server::Server;

use crate::{Effort, figures, load, site::Site};

const CLIENTS: u64 = 64;
/// How many people each client sends events of.
const PEOPLE: u64 = 1_000;

/// Measures both.
pub(crate) fn measure(site: &Site, effort: &Effort) -> Result<Value> {
    let server = site.start()?;
    let run = |run: usize, size: u64| acknowledged_per_second(&server, effort.ack_seconds, run, size);
    let (mut single, mut batches) = (Vec::new(), Vec::new());
    for number in 0..effort.runs {
        single.push(run(number, 1));
        batches.push(run(number, 100));
    }
    Ok(json!({
        "clients": CLIENTS,
        "single_per_s": figures::of_runs(&single),
        "in_batches_of_100_per_s": figures::of_runs(&batches),
    }))
}

fn acknowledged_per_second(server: &Server, seconds: u64, run: usize, size: u64) -> f64 {
    let request = |client: u64, n: u64| {
        let event = |number: u64| {
            let profile = format!("ping-{client}-{}", number % PEOPLE);
            load::event(
                "Ping",
                &format!("{run}-{size}-{client}-{number}"),
                &profile,
                &format!(r#"{{"n":{n}}}"#),
            )
        };
        match size {
            1 => (event(n), 1),
            _ => (load::batch((n * size..(n + 1) * size).map(event)), size),
        }
    };
    let (per_second, _) = load::closed_loop(server, CLIENTS, Duration::ZERO, &request, |acknowledged| {
        // Connections are made and the first batches are small; neither is what is asked about.
        std::thread::sleep(Duration::from_millis(500));
        let (before, start) = (acknowledged.load(Ordering::Relaxed), Instant::now());
        std::thread::sleep(Duration::from_secs(seconds));
        (acknowledged.load(Ordering::Relaxed) - before) as f64 / start.elapsed().as_secs_f64()
    });
    per_second
}
