//! The story that proofs are told with: people ask, wait for a payment or a moment, and are told, once each.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test without its story must fail")]

use std::time::Duration;

use serde_json::{Value, json};
use testkit::{
    Partner, Recorded, Reply,
    server::{Server, Setup},
};

use crate::{eventually, setup_of};

/// What is deployed. Every `Started` makes one call that asks and one that tells.
pub const PROJECT: &str = r#"
profile { customerId: string key }

event started "Started" { n: int }
event paid "Paid" { n: int, pad: string? }

connection shop { url: "https://shop.example.com"  timeout: 2s each, 300s in all  retry: 20 times, 50ms to 200ms }

action ask(n: int) -> { vip: bool } {
  GET shop "/ask/{{ n }}/now"
}

action tell(n: int, what: string) {
  POST shop "/tell/{{ n }}/now"
  json { "what": "{{ what }}" }
}

journey proof {
  enter on started as start
  one per start.n
  let answer = call ask(start.n)
  if answer.vip {
    wait for first of {
      paid as p where p.n == start.n => { call tell(start.n, "paid") }
      after 200ms => { call tell(start.n, "late") }
    }
  }
}
"#;

/// How many people take part.
const PEOPLE: u64 = 60;

/// Event number `n`: three begin something, the fourth pays for the one before.
pub fn event(n: u64) -> Value {
    let (name, of) = if begins(n) { ("Started", n) } else { ("Paid", n - 1) };
    let profile = format!("p{}", n / 4 % PEOPLE);
    json!({"id": format!("e{n}"), "event": name, "profile": profile, "properties": {"n": of}})
}

/// The `n`th payment of nobody: it begins nothing and is 100 KB long.
pub fn bulky_event(n: u64) -> Value {
    let properties = json!({"n": 0, "pad": "x".repeat(100_000)});
    json!({"id": format!("e{n}"), "event": "Paid", "profile": format!("p{}", n % PEOPLE), "properties": properties})
}

/// Whether event number `n` begins something.
pub fn begins(n: u64) -> bool {
    n % 4 != 3
}

/// A partner that is slow for some, and fails the first attempt for some.
pub fn partner() -> Partner {
    let script = |request: &Recorded, before: usize| {
        let slow = if request.line.len().is_multiple_of(3) { 80 } else { 3 };
        let failing = before == 0 && request.line.contains("7/");
        let reply = if failing { Reply::status(503) } else { Reply::ok(r#"{"vip":true}"#) };
        Reply { delay: Duration::from_millis(slow), ..reply }
    };
    Partner::start(script).unwrap()
}

/// A setup of the story over an empty database.
pub fn setup(database: &str, partner: &Partner) -> Setup {
    setup_of(database, partner, PROJECT, &["shop"])
}

/// Waits until nobody is inside the journey any more; gives how long that took. The counters are one look at everybody:
/// who is listed status by status may go from one to the other meanwhile.
pub fn drained(server: &Server) -> Duration {
    let over = || {
        let journeys = server.admin().get("/v1/journeys").map(|answer| answer.json()).unwrap_or_default();
        journeys.pointer("/journeys/0/counts/waiting") == Some(&Value::from(0))
    };
    eventually("every journey's end", Duration::from_secs(90), over)
}

/// How many shards each node holds; nobody's last.
pub fn shares(server: &Server) -> Vec<u64> {
    let list = server.admin().get("/v1/nodes").map(|answer| answer.json()).unwrap_or_default();
    let nodes = list.get("nodes").and_then(Value::as_array).cloned().unwrap_or_default();
    let held = nodes.iter().map(|node| node.get("shards"));
    held.chain([list.get("free")]).map(|shards| shards.and_then(Value::as_u64).unwrap_or_default()).collect()
}

/// Waits until so many nodes hold every shard, about as many each; gives how long that took.
pub fn shared(server: &Server, nodes: usize, within: Duration) -> Duration {
    eventually(&format!("{nodes} nodes share the work"), within, || {
        let held = shares(server);
        let Some((free, held)) = held.split_last() else { return false };
        let most = held.iter().sum::<u64>().div_ceil(nodes as u64);
        *free == 0 && held.len() == nodes && held.iter().all(|shards| (1..=most).contains(shards))
    })
}

/// How much larger a proof is run than in CI: `WAYFARE_SOAK` is that factor.
pub fn factor() -> u64 {
    std::env::var("WAYFARE_SOAK").ok().and_then(|factor| factor.parse().ok()).unwrap_or(1).max(1)
}
