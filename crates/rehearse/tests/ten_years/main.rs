//! Ten years of many people's lives on virtual time, with faults: the pure engine, a model of the store, and a scheduler
//! that draws everything from a seed.
//!
//! What goes wrong: the process dies before a commit, or between a commit and what it hands out; answers are lost, late,
//! doubled or wrong; events come twice, years late or out of order; inputs come that nobody waits for. What must hold is
//! checked at every turn in `model.rs`, and at the end: everybody's journeys are over once nothing goes wrong any more,
//! and the same seed has written the same log, byte for byte.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

mod model;
mod world;

use graph::Project;
use lang::Source;
use world::{Told, World};

/// Every kind of step that waits or calls, and what people share: audiences, policies, limits.
const PROJECT: &str = r#"
profile { customerId: string key  firstName: string = "Ada" }
event started "Started" { amount: int }
event paid "Paid" { amount: int }
event left "Left" {}
connection shop { url: "https://shop.example.com"  timeout: 2s each, 60s in all  retry: 3 times, 100ms to 5s }
action ask(id: string) -> { vip: bool, level: string? } { GET shop "/ask?id={{ id }}" }
action tell(text: string) { POST shop "/tell"  json { "text": "{{ text }}" } }
policy polite { quiet hours 20:00 to 08:00 in "Europe/Berlin" }
message note via tell under polite { text: "note" }
audience loyal = count(paid within 60 days) >= 2

journey first {
  enter on started as start where start.amount > 3
  one per start.amount
  exit on left
  on failure as f { call tell("failed: {{ f.reason }}") }
  let status = call ask(profile.customerId)
  if status.vip {
    wait 1 day
    call tell("hello {{ profile.firstName }}")
  } else {
    split "kind" {
      50% "a" { call tell("a") }
      50% "b" { wait 3 days }
    }
  }
  wait for first of {
    paid as p where p.amount > 5 => { call tell("paid {{ p.amount }}") }
    after 20 days => { exit "never paid" }
  }
}

journey second {
  enter on paid as first where first.amount > 2
  goal started as s where s.amount > 5 within 20 days
  expire after 40 days
  on exit as x {
    call tell("bye: {{ x.reason }}")
    wait 1 hour
  }
  repeat 3 times as round until profile.firstName == "Bob" {
    let status = call ask("{{ round }}") or { vip: false }
    match status.level {
      null => { wait 2 hours }
      "gold" => {
        set profile.firstName = "Bob"
        wait for started up to 1 day else { wait 1 minute }
      }
      else => { wait 1 minute }
    }
  }
  set profile.firstName = "Ada"
  send note()
  limit "some" to 30 people {
    call tell("one of thirty")
  } else {
    exit "too many"
  }
}

journey third {
  enter on loyal.joined
  re-enter always
  send note()
  wait 7 days
  emit left
  call tell("thanks")
}
"#;

fn project() -> Project {
    let source = Source { name: "ten-years".into(), text: PROJECT.into() };
    let compiled = lang::compile(std::slice::from_ref(&source));
    compiled.project.unwrap_or_else(|| panic!("{}", lang::draw(&compiled.diagnostics, &[source], false)))
}

const PEOPLE: usize = 100;
const YEARS: i64 = 10;

/// How much larger this is run than in CI: `WAYFARE_SOAK` is that factor.
fn factor() -> u64 {
    std::env::var("WAYFARE_SOAK").ok().and_then(|factor| factor.parse().ok()).unwrap_or(1).max(1)
}

#[test]
fn ten_years_with_faults_are_the_same_twice_and_leave_nobody_behind() {
    let project = project();
    let mut logs = std::collections::BTreeSet::new();
    let seeds = 2 * factor();
    let mut all = Told::default();
    for seed in 0..seeds {
        let live = || World::new(&project, seed).live(PEOPLE, YEARS);
        let (once, twice) = std::thread::scope(|scope| {
            let other = scope.spawn(live);
            (live(), other.join().unwrap())
        });
        assert_eq!(once, twice, "seed {seed} has written two logs");
        assert!(logs.insert(once.log), "seed {seed} has written the log of another seed");
        all.add(&once);
    }
    println!("{seeds} seeds: {all:?}");
    // Whatever is to be withstood must have happened.
    for (what, count) in all.faults() {
        assert!(count > seeds, "{what} happened {count} times only");
    }
}
