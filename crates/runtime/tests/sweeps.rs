//! Audiences and schedules over both databases, on a clock that the test moves: who was there before an audience was, who
//! is let in at a time, and that nobody is let in twice, whatever happens in between.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::time::Duration;

use engine::{Status, audience::IN};
use runtime::{ProfileChange, Runtime};
use store::{Filter, Store};
use support::{Moved, WAKERS, answered, send, start, urls, wake};

const BASE: &str = "
profile {
  customerId: string key
  tier: \"gold\" | \"none\" = \"none\"
}
event bought \"Bought\" { amount: int = 1 }
event woken \"Woken\" {}
journey idle {
  enter on woken
}
";

const LOYAL: &str = "
audience loyal = count(bought within 30 days) >= 2

journey weekly {
  enter everyone in loyal at cron \"0 9 * * 1\" in \"UTC\"
  re-enter always
  wait 1 day
}
journey thanks {
  enter on loyal.joined
  re-enter always
}
";

/// How many instances there are, once nobody is left whom a pass still comes by.
async fn count(runtime: &Runtime, store: &dyn Store, filter: &Filter, wanted: usize) {
    for tries in 0.. {
        let found = store.instances(filter, None, 200).await.unwrap();
        if found.len() == wanted {
            return;
        }
        assert!(tries < 200, "{} instead of {wanted}: {filter:?}", found.len());
        // Whoever sleeps looks at the clock again when something comes in.
        wake(runtime, &format!("{tries}-{wanted}-{:?}", filter.journey)).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn of(journey: &str) -> Filter {
    Filter { journey: Some(journey.into()), ..Filter::default() }
}

fn members() -> Filter {
    Filter { step: Some(IN.into()), status: Some(Status::Member), ..of("loyal") }
}

#[tokio::test]
async fn an_audience_knows_what_was_before_it() {
    for url in urls() {
        let clock = Moved::default();
        clock.to("2026-03-02T10:00:00Z");
        let (runtime, _) = start(&url, BASE, &clock).await;
        for number in 0..30 {
            let key = format!("p{number}");
            let change = || ProfileChange::Put(serde_json::Map::new());
            answered(async || runtime.change_profile(&key, change()).await).await;
            for event in 0..number % 3 {
                send(&runtime, &format!("b{event}"), "Bought", &key).await;
            }
        }
        runtime.stop().await;

        let text = format!("{BASE}{LOYAL}");
        let (runtime, store) = start(&url, &text, &clock).await;
        count(&runtime, &*store, &members(), 10).await;
        count(&runtime, &*store, &of("loyal"), 30 + WAKERS).await;
        let joined = store.instances(&of("thanks"), None, 9).await.unwrap();
        assert!(joined.is_empty(), "who belongs to it from the beginning has not joined it: {joined:?}");
        send(&runtime, "b9", "Bought", "p1").await;
        count(&runtime, &*store, &of("thanks"), 1).await;
        count(&runtime, &*store, &members(), 11).await;

        // What grows old is due like any wait.
        clock.to("2026-04-01T10:00:01Z");
        count(&runtime, &*store, &members(), 0).await;
        runtime.stop().await;

        // Declared anew it begins with what is known, and who goes on to belong to it does not join again.
        clock.to("2026-03-20T10:00:00Z");
        let (runtime, store) = start(&url, &text.replace("30 days", "20 days"), &clock).await;
        count(&runtime, &*store, &members(), 11).await;
        runtime.stop().await;
    }
}

#[tokio::test]
async fn a_schedule_lets_everybody_in_once_even_when_nobody_was_there() {
    for url in urls() {
        let clock = Moved::default();
        clock.to("2026-03-02T10:00:00Z");
        let text = format!("{BASE}{LOYAL}");
        let (runtime, store) = start(&url, &text, &clock).await;
        for number in 0..20 {
            send(&runtime, "b1", "Bought", &format!("p{number}")).await;
            if number % 2 == 0 {
                send(&runtime, "b2", "Bought", &format!("p{number}")).await;
            }
        }
        count(&runtime, &*store, &of("weekly"), 0).await;
        clock.to("2026-03-09T09:00:00Z");
        count(&runtime, &*store, &of("weekly"), 10).await;
        runtime.stop().await;

        // The next time comes while nobody is there; it is made up for, once.
        clock.to("2026-03-16T15:00:00Z");
        let (runtime, store) = start(&url, &text, &clock).await;
        count(&runtime, &*store, &of("weekly"), 20).await;
        runtime.stop().await;
        let (runtime, store) = start(&url, &text, &clock).await;
        count(&runtime, &*store, &of("weekly"), 20).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        count(&runtime, &*store, &of("weekly"), 20).await;
        runtime.stop().await;
    }
}

#[tokio::test]
async fn no_more_come_than_a_journey_reads_in_its_time() {
    for url in urls() {
        let clock = Moved::default();
        clock.to("2026-03-02T10:00:00Z");
        let slow = LOYAL.replace("in \"UTC\"", "in \"UTC\", 60 per minute").replace(">= 2", ">= 1");
        let (runtime, store) = start(&url, &format!("{BASE}{slow}"), &clock).await;
        for number in 0..12 {
            send(&runtime, "b1", "Bought", &format!("p{number}")).await;
        }
        clock.to("2026-03-09T09:00:00Z");
        for second in 0..20 {
            wake(&runtime, &format!("second-{second}")).await;
            let found = store.instances(&of("weekly"), None, 200).await.unwrap().len();
            // Each of the workers may have begun one page of one.
            assert!(found <= second + 2, "{found} after {second} seconds");
            clock.by_micros(1_000_000);
        }
        clock.to("2026-03-09T10:00:00Z");
        count(&runtime, &*store, &of("weekly"), 12).await;
        runtime.stop().await;
    }
}

#[tokio::test]
async fn a_clock_that_was_wrong_stops_no_schedule() {
    for url in urls() {
        let clock = Moved::default();
        clock.to("2026-03-02T10:00:00Z");
        let text = format!("{BASE}{LOYAL}").replace(" within 30 days", "").replace("  wait 1 day\n", "");
        let (runtime, store) = start(&url, &text, &clock).await;
        for number in 0..10 {
            for event in ["b1", "b2"] {
                send(&runtime, event, "Bought", &format!("p{number}")).await;
            }
        }
        // Five years ahead, the Monday that was to come has come.
        clock.to("2031-03-05T10:00:00Z");
        count(&runtime, &*store, &of("weekly"), 10).await;
        // Right again, it comes once more, and everybody was there; the next one is a new one.
        clock.to("2026-03-09T08:59:59Z");
        wake(&runtime, "before").await;
        clock.to("2026-03-09T09:00:00Z");
        wake(&runtime, "at").await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        count(&runtime, &*store, &of("weekly"), 10).await;
        clock.to("2026-03-16T09:00:00Z");
        count(&runtime, &*store, &of("weekly"), 20).await;
        runtime.stop().await;

        // The same, where each clock finds a process that has just started.
        clock.to("2031-03-10T10:00:00Z");
        let (runtime, store) = start(&url, &text, &clock).await;
        count(&runtime, &*store, &of("weekly"), 30).await;
        runtime.stop().await;
        clock.to("2026-03-17T10:00:00Z");
        let (runtime, store) = start(&url, &text, &clock).await;
        count(&runtime, &*store, &of("weekly"), 30).await;
        clock.to("2026-03-23T09:00:00Z");
        count(&runtime, &*store, &of("weekly"), 40).await;
        runtime.stop().await;
    }
}
