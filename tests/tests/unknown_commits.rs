//! The runtime over a store that leaves it in doubt whether a commit was made: senders send again under the same ids, and
//! in the end everything has happened once, on both databases.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

use std::{
    collections::{BTreeMap, HashSet},
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use connect::{Override, Partners, Peers};
use runtime::{Catalog, Incoming, Received, Retention, Runtime, Setup, What};
use serde_json::{Value, json, value::RawValue};
use store::Store;
use testkit::{Partner, Reply};
use tests::{
    DATABASES,
    auditor::Auditor,
    doubt::{Doubtful, Doubts},
    ledger::Ledger,
    proof,
};

const EVENTS: u64 = 800;
const SENDERS: u64 = 16;
/// Of a hundred commits so many are not made, and as many are made and said not to be.
const PERCENT: u64 = 6;

/// One call comes after the other, with nothing between them.
const IN_A_ROW: &str = r#"
profile { customerId: string key }
event started "Started" {}
connection shop { url: "https://shop.example.com"  timeout: 2s each, 300s in all }
action ask(n: int) { GET shop "/ask/{{ n }}" }
journey proof {
  enter on started
  call ask(1)
  call ask(2)
  call ask(3)
  call ask(4)
  call ask(5)
}
"#;

async fn start(store: Arc<dyn Store>, partner: &Partner, text: &str) -> Runtime {
    connect::install_crypto();
    // So long that the test fails if a call of a commit in doubt had to wait for the end of its time.
    let text = text.replace("timeout: 2s each", "timeout: 240s each");
    let compiled = lang::compile(&[lang::Source { name: "proof".into(), text }]);
    let project = compiled.project.unwrap();
    let to = Override {
        url: Some(format!("http://{}", partner.address)),
        private: vec![partner.address.ip().to_string()],
        ..Override::default()
    };
    let overrides = BTreeMap::from([("shop".to_owned(), to)]);
    let connections: Vec<_> = project.connections.values().cloned().collect();
    let partners = Partners::new(connections, overrides, connect::Environment::of(|_| None)).unwrap();
    let clock = runtime::wall_clock();
    let catalog = Catalog::deploy(project, &*store, clock()).await.unwrap();
    let setup = Setup {
        store,
        catalog: Arc::new(catalog),
        partners,
        peers: Peers::new().unwrap(),
        clock,
        retention: Retention::default(),
        public_url: None,
        address: None,
        witness: None,
    };
    Runtime::start(setup).await.unwrap()
}

/// Sends an event once; an error if it is not taken, or not known to be.
async fn send_once(runtime: &Runtime, ledger: &Ledger, number: u64) -> Result<(), runtime::Error> {
    let event = ledger.event(number);
    let text = event.to_string();
    let part = |name: &str| event[name].as_str().unwrap().to_owned();
    let incoming = Incoming {
        id: part("id"),
        what: What::Event(part("event")),
        profile: part("profile"),
        at: None,
        properties: Some(RawValue::from_string(event["properties"].to_string()).unwrap()),
    };
    let received = Received { text: &text, event: Ok(incoming), sender: None };
    let verdicts = runtime.take_events(vec![received]).await?;
    assert!(verdicts[0].is_ok(), "{verdicts:?}");
    ledger.acknowledge(number);
    Ok(())
}

/// Sends an event until it is taken, and then now and then once more.
async fn send(runtime: &Runtime, ledger: &Ledger, number: u64) {
    let mut left = if number.is_multiple_of(10) { 2 } else { 1 };
    while left > 0 {
        match send_once(runtime, ledger, number).await {
            Ok(()) => left -= 1,
            Err(runtime::Error::NotWritten | runtime::Error::Overloaded) => {}
            Err(error) => panic!("{error}"),
        }
    }
}

async fn all_end(store: &dyn Store, database: &str) {
    let end = Instant::now() + Duration::from_secs(120);
    // The counters are one look at everybody, whatever they do meanwhile.
    while store.counters().await.unwrap().iter().any(|counter| counter.waiting != 0) {
        assert!(Instant::now() < end, "{database}: some journeys never end");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn prove(database: &str, events: u64, seed: u64) {
    let partner = proof::partner();
    let url = proof::setup(database, &partner).database;
    let doubts = Doubts::new(seed, PERCENT);
    let store = Doubtful::over(store::open(&url).await.unwrap(), doubts.clone());
    let runtime = start(store.clone(), &partner, proof::PROJECT).await;
    let ledger = Arc::new(Ledger::new(proof::event));
    let mut senders = tokio::task::JoinSet::new();
    for sender in 0..SENDERS {
        let (runtime, ledger) = (runtime.clone(), ledger.clone());
        senders.spawn(async move {
            for number in (sender..events).step_by(usize::try_from(SENDERS).unwrap()) {
                send(&runtime, &ledger, number).await;
            }
        });
    }
    while let Some(sender) = senders.join_next().await {
        sender.unwrap();
    }
    all_end(&*store, database).await;
    runtime.stop().await;
    let counts = [&doubts.made, &doubts.not_made, &doubts.reads].map(|count| count.load(Ordering::Relaxed));
    println!("{database}, seed {seed}: {events} events, [made, not made, failed reads] = {counts:?}");
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
    let audited = tokio::task::spawn_blocking(move || {
        let auditor = Auditor::of(&url, &ledger);
        auditor.log();
        auditor.turns();
        auditor.counters();
        // Attempts whose result was in doubt are made again, whatever the partner answered.
        auditor.effects(&partner, 12);
    });
    audited.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn doubtful_commits_change_nothing_in_the_end_on_sqlite() {
    for seed in 0..proof::factor() {
        prove(DATABASES[0], EVENTS, seed).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn doubtful_commits_change_nothing_in_the_end_on_postgres() {
    for seed in 0..proof::factor() {
        prove(DATABASES[1], EVENTS, seed).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_call_after_a_call_is_made_when_it_was_in_doubt_whether_that_one_had_ended() {
    for database in DATABASES {
        let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
        let url = proof::setup(database, &partner).database;
        let doubts = Doubts::new(1, 2 * PERCENT);
        let store = Doubtful::over(store::open(&url).await.unwrap(), doubts.clone());
        let runtime = start(store.clone(), &partner, IN_A_ROW).await;
        let ledger = Ledger::new(started);
        for number in 0..60 {
            send(&runtime, &ledger, number).await;
        }
        all_end(&*store, database).await;
        runtime.stop().await;
        let keys: HashSet<_> = partner
            .seen()
            .iter()
            .filter_map(|seen| seen.header("idempotency-key").map(str::to_owned))
            .collect();
        assert_eq!(keys.len(), 5 * 60, "{database}: each call was made under its own key");
        assert!(doubts.made.load(Ordering::Relaxed) > 0, "{database}: nothing was in doubt");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_a_fault_ends_stops_all_and_the_next_start_goes_on() {
    for database in DATABASES {
        let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
        let url = proof::setup(database, &partner).database;
        let doubts = Doubts::new(1, 0);
        let store = Doubtful::over(store::open(&url).await.unwrap(), doubts.clone());
        let runtime = start(store, &partner, IN_A_ROW).await;
        let ledger = Ledger::new(started);
        for number in 0..20 {
            send(&runtime, &ledger, number).await;
        }
        assert!(runtime.is_running());
        doubts.panic();
        assert!(send_once(&runtime, &ledger, 20).await.is_err(), "{database}: nobody wrote it");
        let stopping = tokio::time::timeout(Duration::from_secs(10), runtime.stopping());
        assert!(stopping.await.is_ok() && !runtime.is_running(), "{database}: it seems to run");
        tokio::time::timeout(Duration::from_secs(30), runtime.stop()).await.unwrap();

        let store = store::open(&url).await.unwrap();
        let runtime = start(store.clone(), &partner, IN_A_ROW).await;
        send(&runtime, &ledger, 20).await;
        all_end(&*store, database).await;
        runtime.stop().await;
        let keys = partner.effects("GET /ask");
        assert_eq!(keys.len(), 5 * 21, "{database}: each call was made under its own key");
    }
}

/// Somebody's only event.
fn started(number: u64) -> Value {
    json!({"id": format!("e{number}"), "event": "Started", "profile": format!("p{number}"), "properties": {}})
}
