//! The measurements. Each drives the server over HTTP from threads of this process.

use std::{
    net::SocketAddr,
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use testkit::{http::Client, server::Server};

use crate::partner::now_micros;

/// A measured run of journeys.
pub(crate) struct Journeys {
    pub(crate) per_second: f64,
    pub(crate) cpu_ms: f64,
}

/// A distribution of times in milliseconds.
pub(crate) struct Times {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

/// Durable acknowledgements per second: so many clients, each sending one event after the other.
pub(crate) fn acks_per_second(server: &Server, clients: u64, seconds: u64) -> f64 {
    acks(server, clients, seconds, &|client, n| {
        (event("Ping", &id(client, n), &format!("p-{client}-{}", n % 1_000), json!({"n": n})).to_string(), 1)
    })
}

/// The same with many events in a request.
pub(crate) fn acks_per_second_in_batches(server: &Server, clients: u64, size: u64, seconds: u64) -> f64 {
    acks(server, clients, seconds, &|client, n| {
        let batch: Vec<Value> = (0..size)
            .map(|k| {
                event(
                    "Ping",
                    &format!("b-{}", id(client, n * size + k)),
                    &format!("p-{client}-{}", (n * size + k) % 1_000),
                    json!({"n": n}),
                )
            })
            .collect();
        (Value::Array(batch).to_string(), size)
    })
}

fn acks(
    server: &Server,
    clients: u64,
    seconds: u64,
    body: &(dyn Fn(u64, u64) -> (String, u64) + Sync),
) -> f64 {
    let (acknowledged, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let start = Instant::now();
    std::thread::scope(|scope| {
        for client in 0..clients {
            let (acknowledged, stop) = (&acknowledged, &stop);
            scope.spawn(move || {
                let mut http = server.writer();
                for n in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let (text, count) = body(client, n);
                    if http.json("POST", "/v1/events", &text).is_ok_and(|answer| answer.status == 202) {
                        acknowledged.fetch_add(count, Ordering::Relaxed);
                    }
                }
            });
        }
        std::thread::sleep(Duration::from_secs(seconds));
        stop.store(true, Ordering::Relaxed);
    });
    acknowledged.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64()
}

fn id(client: u64, n: u64) -> String {
    format!("{client}-{n}")
}

fn event(name: &str, id: &str, profile: &str, properties: Value) -> Value {
    json!({"id": id, "event": name, "profile": profile, "properties": properties})
}

/// From the acknowledgement of an event to the arrival of its journey's first call, at 100 events a second.
pub(crate) fn ack_to_call(server: &Server, partner: SocketAddr, events: u64) -> Result<Times> {
    let mut http = server.writer();
    let mut acknowledged = Vec::new();
    let start = Instant::now();
    for n in 0..events {
        let profile = format!("latency-{n}");
        let body = event("Bench", &profile, &profile, json!({"run": "latency"})).to_string();
        let answer = http.json("POST", "/v1/events", &body)?;
        ensure!(answer.status == 202, "an event was refused: {}", answer.body);
        acknowledged.push((profile, now_micros()));
        std::thread::sleep(
            (start + Duration::from_millis(10 * (n + 1))).saturating_duration_since(Instant::now()),
        );
    }
    std::thread::sleep(Duration::from_secs(1));
    let seen = Client::new(partner, None).get("/seen")?.json();
    let mut times: Vec<f64> = acknowledged
        .iter()
        .filter_map(|(profile, at)| {
            let asked = seen.get("asked")?.get(profile)?.as_u64()?;
            Some(asked.saturating_sub(*at) as f64 / 1000.0)
        })
        .collect();
    ensure!(times.len() as u64 == events, "{} of {events} events led to a call", times.len());
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default();
    Ok(Times { p50: at(0.5), p99: at(0.99) })
}

/// Complete journeys per second: event → GET → branch → two seconds → POST, all sent as fast as they are taken. The
/// two seconds of waiting that every journey has are not counted.
pub(crate) fn journeys(server: &Server, partner: SocketAddr, count: u64) -> Result<Journeys> {
    let mut seen = Client::new(partner, None);
    let messages = |seen: &mut Client| -> Result<u64> {
        seen.get("/seen")?
            .json()
            .get("messages")
            .and_then(Value::as_u64)
            .context("the partner does not count")
    };
    // The journeys of the latency run end first.
    std::thread::sleep(Duration::from_secs(3));
    let (before, cpu_before) = (messages(&mut seen)?, cpu_ms(server.pid())?);
    let start = Instant::now();
    let clients = 32;
    std::thread::scope(|scope| {
        for client in 0..clients {
            scope.spawn(move || {
                let mut http = server.writer();
                for n in (client..count).step_by(clients as usize) {
                    let profile = format!("journey-{n}");
                    let body = event("Bench", &profile, &profile, json!({"run": "rate"})).to_string();
                    while !http.json("POST", "/v1/events", &body).is_ok_and(|answer| answer.status == 202) {
                        std::thread::sleep(Duration::from_millis(20));
                    }
                }
            });
        }
    });
    loop {
        let done = messages(&mut seen)? - before;
        if done >= count {
            break;
        }
        ensure!(
            start.elapsed() < Duration::from_secs(300),
            "only {done} of {count} journeys ended in five minutes"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let seconds = start.elapsed().as_secs_f64() - 2.0;
    Ok(Journeys {
        per_second: count as f64 / seconds,
        cpu_ms: (cpu_ms(server.pid())? - cpu_before) / count as f64,
    })
}

/// Fills the server with instances that wait for a month.
pub(crate) fn fill(server: &Server, count: u64) -> Result<u64> {
    let mut http = server.writer();
    for batch in 0..count / 1_000 {
        let events: Vec<Value> = (0..1_000)
            .map(|n| format!("sleeper-{batch}-{n}"))
            .map(|profile| event("Sleep", &profile, &profile, json!({})))
            .collect();
        let answer = http.json("POST", "/v1/events", &Value::Array(events).to_string())?;
        ensure!(answer.status == 202, "the batch was refused: {}", answer.body);
    }
    let list = server.admin().get("/v1/journeys")?.json();
    let journeys = list.get("journeys").and_then(Value::as_array).context("no journeys")?;
    let sleeper = journeys.iter().find(|journey| journey.get("name").is_some_and(|name| name == "sleeper"));
    let waiting = sleeper.and_then(|journey| journey.pointer("/counts/waiting")).and_then(Value::as_u64);
    waiting.context("the sleepers are not counted")
}

/// CPU time that a process has used, in milliseconds.
fn cpu_ms(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let after_name = stat.rsplit_once(')').map(|(_, rest)| rest).context("no process statistics")?;
    let ticks: f64 =
        after_name.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    // Linux counts in hundredths of a second.
    Ok(ticks * 10.0)
}

/// Resident memory of a process, in MiB.
pub(crate) fn rss_mib(pid: u32) -> Result<f64> {
    memory_mib(pid, "VmRSS:")
}

/// The most memory that a process has had, in MiB.
pub(crate) fn peak_mib(pid: u32) -> Result<f64> {
    memory_mib(pid, "VmHWM:")
}

fn memory_mib(pid: u32, which: &str) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(which)).context("no memory statistics")?;
    let kib: f64 = line.trim().trim_end_matches(" kB").trim().parse()?;
    Ok(kib / 1024.0)
}
