//! Two nodes whose clocks are wrong, one by hours and the other by a day: leases hold, for they run by the database's clock;
//! waits end once, and each person's events are taken in the order in which they were sent.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{
    collections::BTreeMap,
    fs, thread,
    time::{Duration, Instant},
};

use testkit::{http::Client, server::Setup};
use tests::{
    auditor::Auditor,
    ledger::{Ledger, Pace},
    proof,
    shim::Shim,
    sql::Sql,
};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
const SOON: Duration = Duration::from_secs(30);
/// Longer than two leases.
const A_WHILE: Duration = Duration::from_secs(12);
/// Events that are sent one after the other, now to this node and now to that.
const IN_ORDER: u64 = 400;

/// The setup of a node whose clock is ahead by so many seconds, or behind.
fn skewed(setup: &Setup, name: &str, seconds: i64) -> (Setup, Shim) {
    let mut own = setup.clone();
    own.folder = setup.folder.join(name);
    fs::create_dir(&own.folder).unwrap();
    let shim = Shim::under(&mut own);
    shim.clock_ahead(seconds);
    (own, shim)
}

#[test]
fn nodes_whose_clocks_are_a_day_apart_share_the_work_and_do_everything_once() {
    let partner = proof::partner();
    let setup = proof::setup("postgres", &partner);
    let (behind, _clock) = skewed(&setup, "behind", -2 * HOUR);
    let (ahead, _other_clock) = skewed(&setup, "ahead", DAY);
    let servers = [behind.start_node("behind").unwrap(), ahead.start_node("ahead").unwrap()];
    proof::shared(&servers[0], 2, SOON);
    let sql = Sql::of(&setup.database);
    let leases =
        || sql.rows("SELECT concat(shard, ' under ', epoch, ' of ', owner) FROM shards ORDER BY shard");
    let before = leases();

    let ledger = Ledger::new(proof::event);
    let mut clients = servers.each_ref().map(|server| server.writer());
    for number in 0..IN_ORDER {
        let [one, other] = &mut clients;
        let client: &mut Client = if number.is_multiple_of(2) { one } else { other };
        assert_eq!(ledger.send(client, number), Some(202), "{}", ledger.told());
    }
    let mut taken: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for row in sql.rows("SELECT profile || ' ' || substr(id, 2) FROM events ORDER BY shard, sequence") {
        let (person, number) = row.split_once(' ').unwrap();
        taken.entry(person.to_owned()).or_default().push(number.parse().unwrap());
    }
    assert_eq!(taken.values().map(Vec::len).sum::<usize>() as u64, IN_ORDER);
    let unordered = taken.iter().find(|(_, numbers)| !numbers.is_sorted());
    assert_eq!(unordered, None, "taken in another order than they were sent");

    let [one, other] = &servers;
    let pace = Pace { threads: 2, pause: Duration::from_millis(15) };
    let begin = Instant::now();
    ledger.while_sending(one.address, pace, || {
        ledger.while_sending(other.address, pace, || thread::sleep(A_WHILE));
    });
    ledger.settle(one);
    proof::drained(one);
    println!("{} in {:?}", ledger.told(), begin.elapsed());
    assert_eq!(leases(), before, "no shard went from one to the other");
    assert_eq!(ledger.answered(503), 0, "{}", ledger.told());
    Auditor::of(&setup.database, &ledger).all(other, &partner, 3);
    // Each has written by its own clock: a day and two hours lie between the first and the last entry.
    let apart = sql.number("SELECT (max(received_at) - min(received_at)) / 3600000000 FROM events");
    assert!((25..=27).contains(&apart), "{apart} hours apart");
}
