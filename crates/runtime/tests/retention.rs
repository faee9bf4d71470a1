//! What is old is forgotten, and nothing else, on both databases.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::time::Duration;

use engine::Status;
use runtime::{Retention, Runtime};
use store::{Filter, Store, shard_of};
use support::{Moved, send, start, start_keeping, urls, wake};

const PROJECT: &str = "
profile { customerId: string key }
event asked \"Asked\" {}
event woken \"Woken\" {}
connection partner { url: \"https://partner.example.com\" }
action broken() { GET partner \"/\" }
journey quick { enter on asked  re-enter always  wait 1 minute }
journey long { enter on asked  wait 400 days }
journey parked { enter on asked  call broken() }
journey idle { enter on woken }
";

fn kept() -> Retention {
    let days = |days: u64| Some(Duration::from_hours(24 * days));
    Retention { events: days(60), instances: days(30) }
}

async fn with(store: &dyn Store, journey: &str, status: Status) -> usize {
    let filter = Filter { journey: Some(journey.into()), status: Some(status), ..Filter::default() };
    store.instances(&filter, None, 500).await.unwrap().len()
}

/// Time goes on, minute by minute, until something holds.
async fn eventually(clock: &Moved, runtime: &Runtime, what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for tries in 0..400 {
        if holds().await {
            return;
        }
        clock.by_micros(60_000_000);
        wake(runtime, &format!("{what}-{tries}")).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(holds().await, "never: {what}");
}

#[tokio::test]
async fn what_is_old_and_over_is_forgotten_and_nothing_else() {
    for url in urls() {
        let clock = Moved::default();
        clock.to("2026-01-01T10:00:00Z");
        let (runtime, store) = start_keeping(&url, PROJECT, &clock, kept()).await;
        for person in 0..30 {
            send(&runtime, "first", "Asked", &format!("p{person}")).await;
        }
        clock.to("2026-01-01T10:02:00Z");
        eventually(&clock, &runtime, "the quick are through", async || {
            with(&*store, "quick", Status::Completed).await == 30
                && with(&*store, "parked", Status::Failed).await == 30
        })
        .await;
        let of_quick = Filter { journey: Some("quick".into()), ..Filter::default() };
        let old = store.instances(&of_quick, None, 1).await.unwrap().remove(0);
        let shard = store::shard_in(old.id);
        assert!(!store.history(shard, old.id).await.unwrap().is_empty());

        // Thirty days later instances are old, and events are not.
        clock.to("2026-02-10T10:00:00Z");
        for person in 0..3 {
            send(&runtime, "second", "Asked", &format!("p{person}")).await;
        }
        clock.to("2026-02-10T10:30:00Z");
        for tries in 0..20 {
            wake(&runtime, &format!("leapt-{tries}")).await;
        }
        let quick = with(&*store, "quick", Status::Completed).await;
        assert!(quick >= 30, "a clock that leaps is not believed for a day, and {} are gone", 30 - quick);
        clock.to("2026-02-11T11:00:00Z");
        eventually(&clock, &runtime, "the old are forgotten", async || {
            with(&*store, "quick", Status::Completed).await == 3
        })
        .await;
        assert!(store.history(shard, old.id).await.unwrap().is_empty());
        assert_eq!(with(&*store, "long", Status::Waiting).await, 30, "whoever waits is not over");
        assert_eq!(with(&*store, "parked", Status::Failed).await, 33, "what failed waits for an operator");
        let events = |person: &'static str| store.events(shard_of(person, store.shards()), person, None, 99);
        assert_eq!(events("p9").await.unwrap().len(), 1);

        clock.to("2026-03-20T10:00:00Z");
        wake(&runtime, "leapt").await;
        clock.to("2026-03-21T11:00:00Z");
        eventually(&clock, &runtime, "the old events are forgotten", async || {
            events("p9").await.unwrap().is_empty() && events("p1").await.unwrap().len() == 1
        })
        .await;
        assert!(store.profile(shard_of("p9", store.shards()), "p9").await.unwrap().is_some());
        let counters = store.counters().await.unwrap();
        let quick = counters.iter().find(|one| &*one.journey == "quick" && one.step.is_empty()).unwrap();
        assert_eq!(quick.passed, 33, "the counters tell of everybody");
        runtime.stop().await;
    }
}

#[tokio::test]
async fn without_a_rule_everything_is_kept() {
    for url in urls() {
        let clock = Moved::default();
        clock.to("2026-01-01T10:00:00Z");
        let (runtime, store) = start(&url, PROJECT, &clock).await;
        send(&runtime, "first", "Asked", "p1").await;
        clock.to("2036-01-01T10:00:00Z");
        wake(&runtime, "years later").await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        wake(&runtime, "and again").await;
        assert_eq!(store.events(shard_of("p1", store.shards()), "p1", None, 9).await.unwrap().len(), 1);
        assert_eq!(with(&*store, "quick", Status::Completed).await, 1);
        runtime.stop().await;
    }
}

#[test]
fn events_are_kept_as_long_as_an_audience_looks_back() {
    let text = "
profile { customerId: string key }
event bought \"Bought\" {}
audience loyal = count(bought within 90 days) >= 2
journey thanks { enter on loyal.joined }
";
    let compiled = lang::compile(&[lang::Source { name: "test".into(), text: text.into() }]);
    let project = compiled.project.unwrap();
    let said = kept().suits(&project).unwrap_err();
    assert!(said.contains("`loyal` looks back 90 days, but events are kept for 60 only"), "{said}");
    Retention { events: Some(Duration::from_hours(24 * 90)), instances: None }.suits(&project).unwrap();
    Retention::default().suits(&project).unwrap();
}
