//! The same events in many orders, some of them twice, over both databases: where the rule says that the order does not
//! matter, everybody ends as the earliest-first model says, and whoever is met only afterwards does too.
//!
//! The rule stands in `docs/language.md`, "The order of events".

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::time::Duration;

use engine::{Instance, Status, audience::IN};
use graph::Name;
use runtime::{Incoming, Received, Runtime, What};
use serde_json::{Value, json, value::RawValue};
use store::{Filter, Store};
use support::{Moved, answered, start, urls, wake};
use tests::power::Chance;

/// Each has the same events in an order of their own.
const PEOPLE: usize = 30;
const NOW: &str = "2026-03-31T10:00:00Z";

const TEXT: &str = r#"
profile { customerId: string key }
event bought "Bought" { amount: int }
event started "Started" { n: int }
event packed "Packed" { n: int, by: string }
event shipped "Shipped" { n: int, by: string }
event woken "Woken" {}
policy marketing { subscription "Offers" }
policy surveys { subscription "Surveys" }
audience busy = count(bought within 30 days) >= 4
audience rich = (last(bought within 30 days)?.amount ?? 0) > 50
audience generous = count(bought where it.amount > 50 within 10 days) > 0

journey parcel {
  enter on started as s
  one per s.n
  wait for packed as p where p.n == s.n since enter
  wait for shipped as q where q.n == s.n since enter
  exit "packed by {{ p.by }}, shipped by {{ q.by }}"
}

journey idle {
  enter on woken
}
"#;

/// The same audiences, declared later under other names, and the same conditions in other words.
const LATER: &str = r#"
audience busyToo = count(bought within 30 days) > 3
audience richToo = (last(bought within 30 days)?.amount ?? 0) >= 51
audience generousToo = count(bought where it.amount >= 51 within 10 days) >= 1
"#;

/// What everybody does: the name, the time, the properties. The parcels' beginnings come first.
fn events() -> Vec<(&'static str, &'static str, Value)> {
    let bought = [
        // Too old for anything.
        ("2026-02-20T10:00:00Z", 900),
        ("2026-03-05T10:00:00Z", 70),
        ("2026-03-10T10:00:00Z", 80),
        // Old enough to count in one window, too old for the other.
        ("2026-03-20T10:00:00Z", 90),
        // The latest that has happened, whatever comes after it.
        ("2026-03-30T10:00:00Z", 20),
    ];
    let mut all: Vec<_> = (1..=3).map(|n| ("Started", NOW, json!({"n": n}))).collect();
    all.extend(bought.map(|(at, amount)| ("Bought", at, json!({"amount": amount}))));
    for n in 1..=2 {
        all.push(("Packed", "2026-03-31T09:00:00Z", json!({"n": n, "by": "Ann"})));
        all.push(("Shipped", "2026-03-31T09:30:00Z", json!({"n": n, "by": "Bob"})));
    }
    // They left one, and then came back; of the other it is the other way round.
    all.push(("marketing.unsubscribed", "2026-03-01T00:00:00Z", json!({})));
    all.push(("marketing.subscribed", "2026-03-02T00:00:00Z", json!({})));
    all.push(("surveys.subscribed", "2026-03-01T00:00:00Z", json!({})));
    all.push(("surveys.unsubscribed", "2026-03-02T00:00:00Z", json!({})));
    all
}

/// Their places in an order that chance draws; every third comes a second time somewhere behind.
fn order(chance: &mut Chance, count: usize, first: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (first..count).collect();
    for place in (1..order.len()).rev() {
        let other = usize::try_from(chance.below(u64::try_from(place).unwrap() + 1)).unwrap();
        order.swap(place, other);
    }
    let again: Vec<usize> = order.iter().copied().filter(|number| number % 3 == 0).collect();
    (0..first).chain(order).chain(again).collect()
}

/// Sends somebody's events in this order, in pieces as chance has it.
async fn send(runtime: &Runtime, person: usize, order: &[usize], chance: &mut Chance) {
    let all = events();
    let mut left = order;
    while !left.is_empty() {
        let size = usize::try_from(1 + chance.below(5)).unwrap().min(left.len());
        let (piece, rest) = left.split_at(size);
        let incoming = |number: &usize| {
            let (name, at, properties) = &all[*number];
            Incoming {
                id: format!("e{number}"),
                what: What::Event((*name).into()),
                profile: format!("p{person}"),
                at: Some(at.parse().unwrap()),
                properties: Some(RawValue::from_string(properties.to_string()).unwrap()),
            }
        };
        let (verdicts, _) = answered(async || {
            let received =
                piece.iter().map(|n| Received { text: "{}", event: Ok(incoming(n)), sender: None });
            runtime.take_events(received.collect()).await
        })
        .await;
        assert!(verdicts.iter().all(Result::is_ok), "{verdicts:?}");
        left = rest;
    }
}

/// A person's instances of a journey or of an audience.
async fn of(store: &dyn Store, person: usize, name: &str) -> Vec<Instance> {
    let key = format!("p{person}");
    let shard = store::shard_of(&Name::from(&*key), store.shards());
    let filter = Filter { journey: Some(name.into()), profile: Some((shard, key)), ..Filter::default() };
    let mut found = store.instances(&filter, None, 50).await.unwrap();
    found.sort_by(|one, other| one.key.cmp(&other.key));
    found
}

/// Whether a person belongs to an audience, and when they are to be looked at again.
async fn belongs(store: &dyn Store, person: usize, audience: &str) -> Option<(bool, Instance)> {
    let found = of(store, person, audience).await;
    let member = found.into_iter().find(|one| one.status == Status::Member)?;
    Some((&*member.step == IN, member))
}

/// What the rule says of everybody, whatever the order was.
async fn assert_as_the_rule_says(store: &dyn Store, person: usize, order: &[usize]) {
    for (audience, wanted, counted) in [("busy", true, 4), ("rich", false, 4), ("generous", false, 0)] {
        let (belongs, member) = belongs(store, person, audience).await.unwrap();
        assert_eq!(belongs, wanted, "{audience}: {order:?}");
        let windows = serde_json::to_value(&member.state.windows).unwrap();
        let times = windows[0]["times"].as_array().map_or(0, Vec::len);
        assert_eq!(times, counted, "{audience}: {windows}: {order:?}");
        let last = &windows[0]["last"]["amount"];
        assert_eq!(
            *last,
            if counted == 0 { Value::Null } else { json!(20) },
            "{audience}: {windows}: {order:?}"
        );
    }
    let parcels = of(store, person, "parcel").await;
    let ends: Vec<_> =
        parcels.iter().map(|one| (&*one.key, one.status, one.state.reason.as_deref())).collect();
    let whole = Some("packed by Ann, shipped by Bob");
    let wanted = [("1", Status::Exited, whole), ("2", Status::Exited, whole), ("3", Status::Waiting, None)];
    assert_eq!(ends, wanted, "{order:?}");
    let key = format!("p{person}");
    let shard = store::shard_of(&Name::from(&*key), store.shards());
    let profile = store.profile(shard, &key).await.unwrap().unwrap();
    let entries: Value = serde_json::from_str(&profile.entries).unwrap();
    let (left, back) = (&entries["\u{1f}left"], &entries["\u{1f}back"]);
    assert_eq!(*left, json!({"surveys": "2026-03-02T00:00:00Z"}), "{order:?}");
    assert_eq!(*back, json!({"marketing": "2026-03-02T00:00:00Z"}), "{order:?}");
    let log = store.events(shard, &key, None, 100).await.unwrap();
    let own = log.iter().filter(|event| event.id.starts_with('e'));
    assert_eq!(own.count(), events().len(), "each is in the log once");
}

#[tokio::test]
async fn where_everybody_ends_does_not_hang_on_the_order() {
    for url in urls() {
        let clock = Moved::default();
        clock.to(NOW);
        let (runtime, store) = start(&url, TEXT, &clock).await;
        let mut chance = Chance(20);
        let orders: Vec<_> = (0..PEOPLE).map(|_| order(&mut chance, events().len(), 3)).collect();
        for (person, order) in orders.iter().enumerate() {
            send(&runtime, person, order, &mut chance).await;
        }
        for (person, order) in orders.iter().enumerate() {
            assert_as_the_rule_says(&*store, person, order).await;
        }
        runtime.stop().await;

        // Whoever is met later, from the log, is where whoever was watched all the time is.
        let (runtime, store) = start(&url, &format!("{TEXT}{LATER}"), &clock).await;
        for (person, order) in orders.iter().enumerate() {
            for audience in ["busy", "rich", "generous"] {
                let watched = belongs(&*store, person, audience).await.unwrap();
                let met = met(&runtime, &*store, person, &format!("{audience}Too")).await;
                assert_eq!(met.0, watched.0, "{audience}: {order:?}");
                let (watched, met) = (watched.1, met.1);
                assert_eq!(
                    (met.state.windows, met.due_at),
                    (watched.state.windows, watched.due_at),
                    "{order:?}"
                );
            }
        }
        runtime.stop().await;
    }
}

/// How a person stands with an audience, once they have been met.
async fn met(runtime: &Runtime, store: &dyn Store, person: usize, audience: &str) -> (bool, Instance) {
    let mut tries = 0;
    loop {
        if let Some(found) = belongs(store, person, audience).await {
            return found;
        }
        assert!(tries < 500, "p{person} is not met");
        wake(runtime, &format!("{person}-{audience}-{tries}")).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        tries += 1;
    }
}
