//! Rows to write, and both databases to write them to.

use std::{collections::BTreeMap, ops::Range, sync::Arc};

use engine::{Instance, State, Status};
use graph::Value;
use jiff::Timestamp;
use store::{
    Counter, History, LoggedEvent, Profile, RefusedEvent, Shard, Store, Turn, Writer, instance_id, shard_of,
};

/// A database of each kind, empty, with its URL.
pub(crate) async fn both() -> Vec<(String, Arc<dyn Store>)> {
    let folder = tempfile::tempdir().unwrap().keep();
    let urls = [format!("sqlite:{}", folder.join("test.db").display()), testkit::postgres()];
    let mut stores = Vec::new();
    for url in urls {
        let store = store::open(&url).await.unwrap();
        stores.push((url, store));
    }
    stores
}

/// A writer that takes shards over, whoever held them.
pub(crate) async fn writer(store: &dyn Store, shards: Range<Shard>) -> Box<dyn Writer> {
    let leases = store.take_over(shards).await.unwrap();
    store.writer(leases).await.unwrap()
}

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// A profile in the store's own shard for its key.
pub(crate) fn profile(shards: u16, key: &str, second: i64) -> Profile {
    Profile {
        shard: shard_of(key, shards),
        key: key.into(),
        attributes: format!(r#"{{"customerId":"{key}","name":"Zoë \"quoted\" 'x' \\ {second}"}}"#),
        entries: "{}".into(),
        created_at: at(0),
        updated_at: at(second),
    }
}

pub(crate) fn instance(
    shards: u16,
    profile: &str,
    entry: &str,
    status: Status,
    due: Option<i64>,
) -> (Shard, Instance) {
    let shard = shard_of(profile, shards);
    let state = State {
        event: Value::record([("total", Value::Decimal(rust_decimal("59.90")))]),
        variables: BTreeMap::from([("x".into(), Value::Duration(5))]),
        calls: 1,
        entered_by: "cartAbandoned".into(),
        ..State::default()
    };
    let instance = Instance {
        id: instance_id(at(0), shard, profile, entry, "cart"),
        journey: "cart".into(),
        version: "v1".into(),
        profile: profile.into(),
        key: entry.into(),
        status,
        step: "wait-1".into(),
        entered_at: at(0),
        updated_at: at(1),
        due_at: due.map(at),
        turn: 1,
        state,
    };
    (shard, instance)
}

fn rust_decimal(text: &str) -> rust_decimal::Decimal {
    text.parse().unwrap()
}

pub(crate) fn event(shards: u16, profile: &str, sequence: i64, id: &str) -> LoggedEvent {
    LoggedEvent {
        shard: shard_of(profile, shards),
        sequence,
        id: id.into(),
        name: "cartAbandoned".into(),
        profile: profile.into(),
        at: at(sequence),
        received_at: at(sequence + 1),
        properties: r#"{"total":59.90}"#.into(),
        outcome: "[]".into(),
    }
}

/// An event that was refused; a higher number came later.
pub(crate) fn refused(shards: u16, profile: Option<&str>, number: u16) -> RefusedEvent {
    RefusedEvent {
        shard: profile.map_or(0, |profile| shard_of(profile, shards)),
        id: instance_id(at(i64::from(number)), 0, "", "", ""),
        at: at(i64::from(number)),
        event_id: Some("e1".into()),
        event: None,
        profile: profile.map(Into::into),
        field: "properties.total".into(),
        reason: "expected decimal".into(),
        body: r#"{"id":"e1"}"#.into(),
    }
}

pub(crate) fn history(instance: &(Shard, Instance), turn: u32) -> History {
    History {
        shard: instance.0,
        instance: instance.1.id,
        turn,
        at: at(i64::from(turn)),
        happenings: r#"[{"what":"entered","event":"e1"}]"#.into(),
    }
}

pub(crate) fn counter(shard: Shard, step: &str, waiting: i64, passed: i64) -> Counter {
    Counter {
        shard,
        journey: "cart".into(),
        version: "v1".into(),
        step: step.into(),
        waiting,
        passed,
        failed: 0,
        ended: 0,
        reached: passed,
    }
}

pub(crate) fn turn() -> Turn {
    Turn::default()
}
