//! A ledger of events: sends them from several threads over HTTP, and keeps what was acknowledged and what is unknown.
//!
//! What comes in: how event number `n` looks, always the same. What goes out: which numbers the server has answered for.
//! An event whose answer never came, or was an error of the server's, is unknown; it is sent again under the same id.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test without its ledger must fail")]

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;
use testkit::{
    http::Client,
    server::{Server, WRITE_KEY},
};

use crate::sql::Sql;

/// How long the server has to take what it did not take while it was in trouble.
const PATIENCE: Duration = Duration::from_secs(90);

/// Events and what their sender knows of them.
pub struct Ledger {
    event: fn(u64) -> Value,
    pages: Mutex<Pages>,
}

#[derive(Default)]
struct Pages {
    next: u64,
    acknowledged: BTreeSet<u64>,
    unknown: BTreeSet<u64>,
    answers: BTreeMap<u16, u64>,
    broken: u64,
    hasty: Vec<u16>,
}

/// How senders send.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How many there are.
    pub threads: usize,
    /// How long each rests between two events.
    pub pause: Duration,
}

impl Pace {
    /// Four senders that rest so many milliseconds.
    pub fn of_millis(pause: u64) -> Pace {
        Pace { threads: 4, pause: Duration::from_millis(pause) }
    }
}

impl Ledger {
    /// An empty ledger.
    pub fn new(event: fn(u64) -> Value) -> Ledger {
        Ledger { event, pages: Mutex::default() }
    }

    fn pages(&self) -> MutexGuard<'_, Pages> {
        self.pages.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The event of a number.
    pub fn event(&self, number: u64) -> Value {
        (self.event)(number)
    }

    /// Sends while some work is done, whatever the server answers; one request in eight is one that was sent before.
    pub fn while_sending<T>(&self, server: SocketAddr, pace: Pace, work: impl FnOnce() -> T) -> T {
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            for sender in 0..pace.threads {
                let over = &over;
                scope.spawn(move || {
                    let mut client = Client::new(server, Some(WRITE_KEY));
                    for turn in sender.. {
                        if over.load(Ordering::Relaxed) {
                            break;
                        }
                        let number = self.draw(turn % 8 == 7);
                        self.send(&mut client, number);
                        thread::sleep(pace.pause);
                    }
                });
            }
            // Senders must end even when the work fails.
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
            over.store(true, Ordering::Relaxed);
            done.unwrap_or_else(|cause| std::panic::resume_unwind(cause))
        })
    }

    /// A new number, or an old one: best one whose answer never came.
    fn draw(&self, again: bool) -> u64 {
        let mut pages = self.pages();
        let old = pages.unknown.first().or(pages.acknowledged.last()).copied().filter(|_| again);
        old.unwrap_or_else(|| {
            pages.next += 1;
            // From here on it may be in the log.
            let number = pages.next - 1;
            pages.unknown.insert(number);
            number
        })
    }

    /// Sends one event, and gives the status of the answer.
    pub fn send(&self, client: &mut Client, number: u64) -> Option<u16> {
        let answer = client.json("POST", "/v1/events", &self.event(number).to_string());
        let mut pages = self.pages();
        let Ok(answer) = answer else {
            pages.broken += 1;
            return None;
        };
        *pages.answers.entry(answer.status).or_default() += 1;
        match answer.status {
            202 => {
                pages.acknowledged.insert(number);
                pages.unknown.remove(&number);
            }
            status if status >= 500 => {
                if answer.header("retry-after").is_none() {
                    pages.hasty.push(status);
                }
            }
            status => panic!("{status} for {}: {}", self.event(number), answer.body),
        }
        Some(answer.status)
    }

    /// Sends everything that is unknown again until it is acknowledged.
    pub fn settle(&self, server: &Server) {
        let (mut client, end) = (server.writer(), Instant::now() + PATIENCE);
        loop {
            let unknown = self.pages().unknown.first().copied();
            let Some(number) = unknown else { return };
            if self.send(&mut client, number) != Some(202) {
                assert!(Instant::now() < end, "{number} is not taken: {}", self.told());
                thread::sleep(Duration::from_millis(50));
            }
        }
    }

    /// Sends again what was acknowledged, every so manieth; gives the numbers that the server does not know.
    pub fn forgotten(&self, server: &Server, every: usize) -> Vec<u64> {
        let mut client = server.writer();
        let numbers: Vec<u64> = self.acknowledged().into_iter().step_by(every).collect();
        assert!(!numbers.is_empty());
        let mut known = |number: &u64| {
            let answer = client.json("POST", "/v1/events", &self.event(*number).to_string()).unwrap();
            answer.status == 202 && answer.json().get("duplicates").and_then(Value::as_u64) == Some(1)
        };
        numbers.into_iter().filter(|number| !known(number)).collect()
    }

    /// What was acknowledged and is not in the log.
    pub fn missing(&self, sql: &Sql) -> Vec<u64> {
        let tables = sql.rows(sql.has_events());
        let log: BTreeSet<String> = match tables.first() {
            Some(_) => sql.rows("SELECT profile || ' ' || id FROM events").into_iter().collect(),
            None => BTreeSet::new(),
        };
        self.acknowledged().into_iter().filter(|number| !log.contains(&self.name_of(*number))).collect()
    }

    /// How an event is named in the log: the person, and the id that the sender gave it.
    pub fn name_of(&self, number: u64) -> String {
        let event = self.event(number);
        let part = |name: &str| event.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        format!("{} {}", part("profile"), part("id"))
    }

    /// The numbers that the server has acknowledged.
    pub fn acknowledged(&self) -> Vec<u64> {
        self.pages().acknowledged.iter().copied().collect()
    }

    /// The numbers that may be in the log or not.
    pub fn unknown(&self) -> Vec<u64> {
        self.pages().unknown.iter().copied().collect()
    }

    /// Keeps that an event was acknowledged to somebody else.
    pub fn acknowledge(&self, number: u64) {
        self.pages().acknowledged.insert(number);
    }

    /// How often the server answered with a status.
    pub fn answered(&self, status: u16) -> u64 {
        self.pages().answers.get(&status).copied().unwrap_or_default()
    }

    /// The errors that came without `Retry-After`.
    pub fn hasty(&self) -> Vec<u16> {
        self.pages().hasty.clone()
    }

    /// In a line: what was answered.
    pub fn told(&self) -> String {
        let pages = self.pages();
        format!(
            "{} sent, {} acknowledged, {} unknown, answers {:?}, {} connections broken",
            pages.next,
            pages.acknowledged.len(),
            pages.unknown.len(),
            pages.answers,
            pages.broken
        )
    }
}
