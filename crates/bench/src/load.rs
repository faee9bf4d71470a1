//! Senders: as fast as the server answers, or so many a second whatever it does; and large fills.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use testkit::{
    http::{Answer, Client},
    server::Server,
};

use crate::partner::now_micros;

/// How many connections a fill has, and how many events are in one of its requests.
const FILLERS: u64 = 4;
const A_BATCH: u64 = 1_000;

/// An event as text. It is put together by hand, for the load shares the machine with what it measures.
pub(crate) fn event(name: &str, id: &str, profile: &str, properties: &str) -> String {
    format!(r#"{{"id":"{id}","event":"{name}","profile":"{profile}","properties":{properties}}}"#)
}

/// Events as the text of one request.
pub(crate) fn batch(events: impl Iterator<Item = String>) -> String {
    format!("[{}]", events.collect::<Vec<_>>().join(","))
}

/// An event that lets a new person into the measured journey.
pub(crate) fn journey(profile: &str) -> String {
    event("Bench", profile, profile, r#"{"run":"bench"}"#)
}

/// So many clients, each sending one request after the other (the text of one, and how many events are in it) while
/// something else is done. They begin one by one, over this time, so that what follows from their events does not come
/// back in waves. What the other thing gives, and how many events were acknowledged in all.
pub(crate) fn closed_loop<T>(
    server: &Server,
    clients: u64,
    ramp: Duration,
    request: &(dyn Fn(u64, u64) -> (String, u64) + Sync),
    meanwhile: impl FnOnce(&AtomicU64) -> T,
) -> (T, u64) {
    let (acknowledged, refused, stop) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let made = std::thread::scope(|scope| {
        for client in 0..clients {
            let (acknowledged, refused, stop) = (&acknowledged, &refused, &stop);
            scope.spawn(move || {
                std::thread::sleep(ramp.mul_f64(client as f64 / clients as f64));
                let mut http = server.writer();
                for n in 0.. {
                    let (text, count) = request(client, n);
                    while !taken(&http.json("POST", "/v1/events", &text)) {
                        if stop.load(Ordering::Relaxed) {
                            return;
                        }
                        refused.fetch_add(1, Ordering::Relaxed);
                        std::thread::sleep(Duration::from_millis(20));
                    }
                    acknowledged.fetch_add(count, Ordering::Relaxed);
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                }
            });
        }
        let made = meanwhile(&acknowledged);
        stop.store(true, Ordering::Relaxed);
        made
    });
    // Senders that rest between two attempts are fewer than they seem: a rate is to be read with that in mind.
    let refused = refused.into_inner();
    if refused > 0 {
        eprintln!("{refused} requests of {clients} clients were refused and sent again");
    }
    (made, acknowledged.load(Ordering::Relaxed))
}

/// An acknowledged event of a paced load.
pub(crate) struct Ack {
    /// Its number, from 0.
    pub(crate) number: u64,
    /// When it was acknowledged, in microseconds since 1970.
    pub(crate) at: u64,
    /// How long that took, from when it was to be sent: a sender that is held up counts what it could not send.
    pub(crate) ms: f64,
}

/// An open loop: event by event at an even pace over several connections, whatever the server does, until something
/// says stop. A sender that is late sends at once. What is not taken is sent again, and an error in the end.
pub(crate) fn paced(
    server: &Server,
    clients: u64,
    per_second: f64,
    text: &(dyn Fn(u64) -> String + Sync),
    goes_on: &(dyn Fn(u64) -> bool + Sync),
) -> Result<Vec<Ack>> {
    let (acks, failure) = (Mutex::new(Vec::new()), Mutex::new(None));
    let start = Instant::now();
    std::thread::scope(|scope| {
        for client in 0..clients {
            let (acks, failure) = (&acks, &failure);
            scope.spawn(move || {
                let mut http = server.writer();
                let mut own = Vec::new();
                for number in (client..).step_by(usize::try_from(clients).unwrap_or(1)) {
                    if !goes_on(number) {
                        break;
                    }
                    let when = start + Duration::from_secs_f64(number as f64 / per_second);
                    std::thread::sleep(when.saturating_duration_since(Instant::now()));
                    if let Err(error) = send_until_taken(&mut http, &text(number)) {
                        note(failure, format!("event {number}: {error:#}"));
                        break;
                    }
                    own.push(Ack { number, at: now_micros(), ms: when.elapsed().as_secs_f64() * 1000.0 });
                }
                if let Ok(mut acks) = acks.lock() {
                    acks.extend(own);
                }
            });
        }
    });
    if let Some(failure) = failure.into_inner().ok().flatten() {
        anyhow::bail!("{failure}");
    }
    acks.into_inner().ok().context("a sender failed")
}

/// Sends so many events in large batches over a few connections, and says how many seconds that took.
pub(crate) fn fill(
    server: &Server,
    range: std::ops::Range<u64>,
    most: Duration,
    text: &(dyn Fn(u64) -> String + Sync),
) -> Result<f64> {
    let (start, next, failure) = (Instant::now(), AtomicU64::new(range.start), Mutex::new(None));
    std::thread::scope(|scope| {
        for _ in 0..FILLERS {
            scope.spawn(|| {
                let mut http = server.writer();
                loop {
                    let first = next.fetch_add(A_BATCH, Ordering::Relaxed);
                    if first >= range.end || start.elapsed() > most {
                        break;
                    }
                    let events = batch((first..range.end.min(first + A_BATCH)).map(text));
                    if let Err(error) = send_until_taken(&mut http, &events) {
                        note(&failure, format!("a batch from {first}: {error:#}"));
                        break;
                    }
                }
            });
        }
    });
    if let Some(failure) = failure.into_inner().ok().flatten() {
        anyhow::bail!("{failure}");
    }
    let sent = next.load(Ordering::Relaxed).min(range.end);
    ensure!(start.elapsed() <= most, "only about {sent} of {} events were taken within {most:?}", range.end);
    Ok(start.elapsed().as_secs_f64())
}

/// A server that is too busy says so and is asked again, a few times.
fn send_until_taken(http: &mut Client, text: &str) -> Result<()> {
    let mut answer = http.json("POST", "/v1/events", text);
    for _ in 0..50 {
        if taken(&answer) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(100));
        answer = http.json("POST", "/v1/events", text);
    }
    let answer = answer?;
    ensure!(answer.status == 202, "not taken: {} {}", answer.status, answer.body);
    Ok(())
}

fn taken(answer: &std::io::Result<Answer>) -> bool {
    answer.as_ref().is_ok_and(|answer| answer.status == 202)
}

fn note(failure: &Mutex<Option<String>>, text: String) {
    if let Ok(mut failure) = failure.lock() {
        failure.get_or_insert(text);
    }
}
