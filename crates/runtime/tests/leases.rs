//! A node of a cluster goes by what the database says it holds, not by what it remembers.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use store::{Leases, shard_of};
use support::{Moved, join, send};

const PROJECT: &str = "
profile { customerId: string key }
event woken \"Woken\" {}
journey idle { enter on woken }
";

#[tokio::test]
async fn a_lease_whose_answer_was_lost_is_worked_on_all_the_same() {
    let (clock, url) = (Moved::default(), testkit::postgres());
    clock.to("2026-01-01T10:00:00Z");
    let (runtime, store) = join(&url, PROJECT, &clock, "http://127.0.0.1:1").await;
    send(&runtime, "e1", "Woken", "ada").await;
    let (nodes, shard) = (store.nodes().unwrap(), shard_of("ada", store.shards()));
    let survey = nodes.look().await.unwrap();
    let (node, epoch) = survey.held[&shard];
    // As if the node had given the shard back and claimed it anew, and had not heard that it got it.
    nodes.release(&Leases::from([(shard, epoch)])).await.unwrap();
    assert_eq!(nodes.claim(node, 1).await.unwrap(), Leases::from([(shard, epoch + 1)]));
    send(&runtime, "e2", "Woken", "ada").await;
    assert_eq!(store.events(shard, "ada", None, 9).await.unwrap().len(), 2);
    runtime.stop().await;
    assert!(nodes.look().await.unwrap().held.is_empty(), "who stops gives everything back");
}
