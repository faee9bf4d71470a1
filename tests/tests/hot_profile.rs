//! One person gets most of the events, in batches and one by one, beside many others: the person's events are taken in the
//! order in which each sender sent them, nothing is lost, and the others hardly notice.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    collections::BTreeMap,
    fs,
    ops::Range,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use testkit::{Partner, Reply, server::Server};
use tests::{DATABASES, proof, setup, sql::Sql};

/// Every fourth event of the hot person begins something, under a key of its own; nobody forgets that they did.
const PROJECT: &str = r#"
profile { customerId: string key }
event viewed "Viewed" { n: int }
event bought "Bought" { n: int }
journey thanking { enter on bought as b  one per b.n  re-enter never  wait 1s }
journey watching { enter on viewed  wait 1 hour }
"#;

/// How many requests senders of the hot person's events send, and how many events each of those has.
const SENDERS: [(u64, u64); 4] = [(48, 200), (48, 200), (400, 1), (400, 1)];
/// How long the others are alone.
const ALONE: Duration = Duration::from_secs(3);

fn event(id: &str, name: &str, profile: &str, n: u64) -> Value {
    json!({"id": id, "event": name, "profile": profile, "properties": {"n": n}})
}

/// The events of a request, under the sender's own numbers.
fn hot(sender: usize, numbers: Range<u64>) -> Value {
    let one = |n: u64| {
        let name = if n.is_multiple_of(4) { "Bought" } else { "Viewed" };
        event(&format!("{sender}-{n}"), name, "hot", n * 10 + sender as u64)
    };
    Value::Array(numbers.map(one).collect())
}

/// Has others' events taken, one after the other, until it is over; gives how long each took.
fn others(server: &Server, over: &AtomicBool, sent: &AtomicUsize) -> Vec<Duration> {
    let (mut client, mut took) = (server.writer(), Vec::new());
    while !over.load(Ordering::Relaxed) {
        let number = sent.fetch_add(1, Ordering::Relaxed) as u64;
        let body = event(&format!("o{number}"), "Viewed", &format!("p{}", number % 500), number);
        let begin = Instant::now();
        let answer = client.json("POST", "/v1/events", &body.to_string()).unwrap();
        assert_eq!(answer.status, 202, "{}", answer.body);
        took.push(begin.elapsed());
        thread::sleep(Duration::from_millis(5));
    }
    took
}

/// How long others' events take while some work is done: what 99 of 100 stay below.
fn while_others_send(server: &Server, sent: &AtomicUsize, work: impl FnOnce()) -> Duration {
    let over = AtomicBool::new(false);
    let mut took = thread::scope(|scope| {
        let senders: Vec<_> = (0..3).map(|_| scope.spawn(|| others(server, &over, sent))).collect();
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        over.store(true, Ordering::Relaxed);
        done.unwrap_or_else(|cause| std::panic::resume_unwind(cause));
        senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect::<Vec<_>>()
    });
    took.sort_unstable();
    took[took.len() * 99 / 100]
}

fn send_hot(server: &Server) {
    thread::scope(|scope| {
        for (sender, (requests, events)) in SENDERS.into_iter().enumerate() {
            scope.spawn(move || {
                let mut client = server.writer();
                for request in 0..requests * proof::factor() {
                    let body = hot(sender, request * events..(request + 1) * events);
                    let answer = client.json("POST", "/v1/events", &body.to_string()).unwrap();
                    assert_eq!(answer.status, 202, "{}", answer.body);
                }
            });
        }
    });
}

/// Looks now and then who waits for a row that another transaction has; gives how often somebody did.
fn convoys(sql: &Sql, over: &AtomicBool) -> i64 {
    const WAITING: &str = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                           AND wait_event_type = 'Lock' AND wait_event IN ('transactionid', 'tuple')";
    let mut seen = 0;
    while !over.load(Ordering::Relaxed) {
        seen += sql.number(WAITING);
        thread::sleep(Duration::from_millis(100));
    }
    seen
}

#[test]
fn one_person_with_most_of_the_events_leaves_the_others_alone_on_sqlite() {
    prove(DATABASES[0]);
}

#[test]
fn one_person_with_most_of_the_events_leaves_the_others_alone_on_postgres() {
    prove(DATABASES[1]);
}

fn prove(database: &str) {
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let mut setup = setup(database, &partner);
    setup.journeys = setup.folder.join("hot.journey");
    setup.connections = Vec::new();
    fs::write(&setup.journeys, PROJECT).unwrap();
    let server = setup.start().unwrap();
    let (sql, sent) = (Sql::of(&setup.database), AtomicUsize::new(0));

    let alone = while_others_send(&server, &sent, || thread::sleep(ALONE));
    let (over, begin) = (AtomicBool::new(false), Instant::now());
    let (beside, waits) = thread::scope(|scope| {
        let looking = scope.spawn(|| if database == "postgres" { convoys(&sql, &over) } else { 0 });
        let beside = while_others_send(&server, &sent, || send_hot(&server));
        over.store(true, Ordering::Relaxed);
        (beside, looking.join().unwrap())
    });
    let hot: u64 = SENDERS.into_iter().map(|(requests, events)| requests * events * proof::factor()).sum();
    println!(
        "{database}: {hot} events of one person in {:?}; 99 of 100 of the others' took less than {beside:?}, alone {alone:?}; \
         {waits} waits for rows seen",
        begin.elapsed()
    );
    assert!(
        beside < (alone * 10).max(Duration::from_secs(2)),
        "{database}: {beside:?} beside, {alone:?} alone"
    );
    assert_eq!(waits, 0, "{database}: writers wait for each other");

    let mut taken: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for id in sql.rows("SELECT id FROM events WHERE profile = 'hot' ORDER BY sequence") {
        let (sender, number) = id.split_once('-').unwrap();
        taken.entry(sender.to_owned()).or_default().push(number.parse().unwrap());
    }
    for (sender, (requests, events)) in SENDERS.into_iter().enumerate() {
        let numbers = &taken[&sender.to_string()];
        let all = requests * events * proof::factor();
        assert!(numbers.iter().copied().eq(0..all), "{database}: sender {sender}, of {all}: {numbers:?}");
    }
    let of_others = sql.number("SELECT count(*) FROM events WHERE profile <> 'hot'");
    assert_eq!(usize::try_from(of_others).unwrap(), sent.load(Ordering::Relaxed), "{database}: of others");
    let entered = sql.number("SELECT count(*) FROM instances WHERE profile = 'hot' AND journey = 'thanking'");
    assert_eq!(u64::try_from(entered).unwrap(), hot / 4, "{database}: each under its key, once");
}
