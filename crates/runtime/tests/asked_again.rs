//! What is asked about people, and asked again while it is in doubt whether it was done: limits, operators' commands and
//! erasures, on both databases.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail loudly")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use std::{sync::atomic::Ordering, time::Duration};

use engine::{Operation, Status};
use runtime::ProfileChange;
use store::{Filter, Store, shard_of};
use support::{Moved, answered, send, start_in_doubt, urls};
use tests::doubt::Doubts;

const PROJECT: &str = "
profile { customerId: string key }
event asked \"Asked\" {}
connection partner { url: \"https://partner.example.com\" }
action broken() { GET partner \"/\" }
journey vouchers {
  enter on asked
  limit \"vouchers\" to 7 people { wait 400 days } else { exit \"all are gone\" }
}
journey parked { enter on asked  call broken()  wait 400 days }
";

const PEOPLE: usize = 30;
/// Of a hundred writes so many are not made, and as many are made and said not to be.
const PERCENT: u64 = 10;

async fn listed(store: &dyn Store, journey: &str, status: Status) -> Vec<uuid::Uuid> {
    let filter = Filter { journey: Some(journey.into()), status: Some(status), ..Filter::default() };
    store.instances(&filter, None, 500).await.unwrap().into_iter().map(|instance| instance.id).collect()
}

/// Waits until so many have given their calls up, while time goes on.
async fn parked(clock: &Moved, store: &dyn Store, wanted: usize) -> Vec<uuid::Uuid> {
    for _ in 0..200 {
        let failed = listed(store, "parked", Status::Failed).await;
        if failed.len() == wanted {
            return failed;
        }
        clock.by_micros(600_000_000);
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    panic!("not {wanted} are parked");
}

#[tokio::test]
async fn what_is_asked_again_is_done_once() {
    for url in urls() {
        let clock = Moved::default();
        clock.to("2026-01-01T10:00:00Z");
        let doubts = Doubts::new(9, PERCENT);
        let (runtime, store) = start_in_doubt(&url, PROJECT, &clock, &doubts).await;
        for person in 0..PEOPLE {
            let change = || ProfileChange::Put(serde_json::Map::new());
            let key = format!("p{person}");
            answered(async || runtime.change_profile(&key, change()).await).await;
            send(&runtime, "e", "Asked", &key).await;
        }
        assert_eq!(
            listed(&*store, "vouchers", Status::Waiting).await.len(),
            7,
            "as many as may come through"
        );
        assert_eq!(listed(&*store, "vouchers", Status::Exited).await.len(), PEOPLE - 7);

        let failed = parked(&clock, &*store, PEOPLE).await;
        for id in &failed {
            let (done, first) = answered(async || runtime.operate(*id, Operation::Skip).await).await;
            assert!(done.unwrap().is_ok() || !first, "who must ask twice may hear that it is done");
        }
        assert_eq!(listed(&*store, "parked", Status::Waiting).await.len(), PEOPLE, "skipped, each once");
        for id in &failed {
            let history = store.history(store::shard_in(*id), *id).await.unwrap();
            let skips = history.iter().filter(|turn| turn.happenings.contains("skip")).count();
            assert_eq!(skips, 1, "{history:?}");
        }

        for person in 0..PEOPLE {
            answered(async || runtime.erase_profile(&format!("p{person}")).await).await;
        }
        for person in 0..PEOPLE {
            let key = format!("p{person}");
            let shard = shard_of(&key, store.shards());
            assert_eq!(store.profile(shard, &key).await.unwrap(), None);
            assert!(store.events(shard, &key, None, 9).await.unwrap().is_empty());
        }
        let left = store.counters().await.unwrap().into_iter().filter(|counter| counter.waiting != 0);
        assert_eq!(left.collect::<Vec<_>>(), [], "nobody stands anywhere");
        runtime.stop().await;
        let counts = [&doubts.made, &doubts.not_made].map(|count| count.load(Ordering::Relaxed));
        assert!(counts.iter().all(|count| *count > 0), "there were no doubts: {counts:?}");
    }
}
