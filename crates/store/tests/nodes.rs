//! Nodes that share a PostgreSQL database: who is taken for alive, who gets which shard, and who can still write.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

#[allow(dead_code, reason = "each test uses a part of it")]
mod support;

use engine::Status;
use sqlx::Connection as _;
use store::{Error, Leases, Node, Turn, shard_of};
use support::{event, instance, profile, turn};
use uuid::Uuid;

fn node(port: u16) -> Node {
    Node { id: Uuid::new_v4(), address: format!("http://127.0.0.1:{port}"), key: "k".into() }
}

/// The lease of a node runs out, as the database sees it.
async fn run_out(url: &str, node: &Node) {
    let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
    let expired = sqlx::query("UPDATE nodes SET expires_at = 0 WHERE id = $1").bind(node.id);
    assert_eq!(expired.execute(&mut connection).await.unwrap().rows_affected(), 1);
}

#[tokio::test]
async fn a_shard_has_one_holder_until_the_lease_runs_out() {
    let url = testkit::postgres();
    let store = store::open(&url).await.unwrap();
    let (nodes, all) = (store.nodes().unwrap(), store.shards());
    let (one, two) = (node(1), node(2));
    nodes.join(&one).await.unwrap();
    nodes.join(&two).await.unwrap();
    let first = nodes.claim(one.id, all / 2).await.unwrap();
    assert_eq!(first.len(), usize::from(all / 2));
    let second = nodes.claim(two.id, all).await.unwrap();
    assert_eq!(second.len(), usize::from(all / 2), "what another holds is not to be had");
    assert!(first.keys().all(|shard| !second.contains_key(shard)));
    let survey = nodes.look().await.unwrap();
    assert_eq!(survey.held.len(), usize::from(all));
    assert_eq!(survey.nodes.len(), 2);

    run_out(&url, &one).await;
    let survey = nodes.look().await.unwrap();
    assert_eq!(survey.nodes, vec![two.clone()]);
    assert_eq!(survey.held.len(), second.len(), "the dead hold nothing");
    let taken = nodes.claim(two.id, all).await.unwrap();
    assert!(first.keys().eq(taken.keys()));
    assert!(first.iter().all(|(shard, epoch)| taken[shard] > *epoch), "under a higher epoch");
    assert_eq!(nodes.claim(two.id, all).await.unwrap(), Leases::new());
}

#[tokio::test]
async fn a_node_that_was_stopped_past_its_lease_writes_nothing() {
    let url = testkit::postgres();
    let store = store::open(&url).await.unwrap();
    let (nodes, n) = (store.nodes().unwrap(), store.shards());
    let (slow, quick) = (node(1), node(2));
    nodes.join(&slow).await.unwrap();
    let mut late = store.writer(nodes.claim(slow.id, n).await.unwrap()).await.unwrap();
    run_out(&url, &slow).await;
    nodes.join(&quick).await.unwrap();
    let mut now = store.writer(nodes.claim(quick.id, n).await.unwrap()).await.unwrap();
    // It comes back and says that it is alive; what it held is another's all the same.
    nodes.renew(&slow).await.unwrap();
    let ada = Turn {
        events: vec![event(n, "ada", 1, "e1")],
        profiles: vec![profile(n, "ada", 1)],
        instances: vec![instance(n, "ada", "k1", Status::Waiting, None)],
        ..turn()
    };
    let shard = shard_of("ada", n);
    assert!(matches!(late.commit(&ada).await, Err(Error::Fenced)));
    assert!(matches!(late.erase(shard, "ada", &[]).await, Err(Error::Fenced)));
    assert_eq!(store.profile(shard, "ada").await.unwrap(), None);
    now.commit(&ada).await.unwrap();
    let survey = nodes.look().await.unwrap();
    assert!(survey.held.values().all(|(owner, _)| *owner == quick.id));
}

#[tokio::test]
async fn what_is_given_back_is_free_at_once_and_only_what_is_still_held_is_given_back() {
    let store = store::open(&testkit::postgres()).await.unwrap();
    let (nodes, n) = (store.nodes().unwrap(), store.shards());
    let (one, two) = (node(1), node(2));
    nodes.join(&one).await.unwrap();
    nodes.join(&two).await.unwrap();
    let held = nodes.claim(one.id, n).await.unwrap();
    let part: Leases = held.iter().take(10).map(|(shard, epoch)| (*shard, *epoch)).collect();
    nodes.release(&part).await.unwrap();
    let taken = nodes.claim(two.id, n).await.unwrap();
    assert!(part.keys().eq(taken.keys()));
    // An old lease gives nothing back that is another's now.
    nodes.release(&part).await.unwrap();
    assert_eq!(nodes.look().await.unwrap().held.len(), usize::from(n));
    nodes.leave(one.id).await.unwrap();
    let survey = nodes.look().await.unwrap();
    assert_eq!((survey.nodes.len(), survey.held.len()), (1, 10));
    let mut writer = store.writer(part).await.unwrap();
    let empty = writer.cursors().await.unwrap();
    assert_eq!(empty.len(), 10, "a writer knows of its own shards alone");
}

#[tokio::test]
async fn a_process_that_starts_where_another_was_takes_its_place_at_once() {
    let store = store::open(&testkit::postgres()).await.unwrap();
    let (nodes, n) = (store.nodes().unwrap(), store.shards());
    let (before, after) = (node(1), node(1));
    nodes.join(&before).await.unwrap();
    assert_eq!(nodes.claim(before.id, n).await.unwrap().len(), usize::from(n));
    nodes.join(&after).await.unwrap();
    assert_eq!(nodes.look().await.unwrap().nodes, vec![after.clone()]);
    assert_eq!(nodes.claim(after.id, n).await.unwrap().len(), usize::from(n));
}

#[tokio::test]
async fn two_nodes_that_say_one_address_stay_two() {
    let store = store::open(&testkit::postgres()).await.unwrap();
    let (nodes, n) = (store.nodes().unwrap(), store.shards());
    let (one, two) = (node(1), node(1));
    nodes.join(&one).await.unwrap();
    nodes.join(&two).await.unwrap();
    let held = nodes.claim(two.id, n).await.unwrap();
    // The first is there after all: it is seen beside the second, and takes nothing from it.
    for _ in 0..2 {
        nodes.renew(&one).await.unwrap();
        nodes.renew(&two).await.unwrap();
        assert_eq!(nodes.look().await.unwrap().nodes.len(), 2);
        assert_eq!(nodes.claim(one.id, n).await.unwrap(), Leases::new());
    }
    assert_eq!(nodes.look().await.unwrap().leases_of(two.id), held);
}

#[tokio::test]
async fn two_nodes_that_reach_for_the_same_shards_share_them() {
    let store = store::open(&testkit::postgres()).await.unwrap();
    let n = store.shards();
    let claims = (0..4).map(|port| {
        let store = store.clone();
        tokio::spawn(async move {
            let (nodes, own) = (store.nodes().unwrap(), node(port));
            nodes.join(&own).await.unwrap();
            let mut claimed = Leases::new();
            while nodes.look().await.unwrap().held.len() < usize::from(n) {
                claimed.extend(nodes.claim(own.id, 3).await.unwrap());
            }
            claimed
        })
    });
    let mut all: Vec<u16> = Vec::new();
    for claimed in claims.collect::<Vec<_>>() {
        all.extend(claimed.await.unwrap().into_keys());
    }
    all.sort_unstable();
    assert!(all.into_iter().eq(0..n), "each shard has one holder");
}
