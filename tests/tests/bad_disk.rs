//! A disk that fails and a disk that is full, under SQLite: what cannot be kept is not acknowledged, what can be read is
//! read, and when the disk is well again everything goes on.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{thread, time::Duration};

use testkit::server::Server;
use tests::{
    auditor::Auditor,
    eventually,
    ledger::{Ledger, Pace},
    proof,
    shim::{Disk, Shim},
    sql::Sql,
};

const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_disk_that_fails_is_never_taken_for_one_that_keeps() {
    let partner = proof::partner();
    let mut setup = proof::setup("sqlite", &partner);
    let shim = Shim::under(&mut setup);
    let ledger = Ledger::new(proof::event);
    let rounds = 3 * proof::factor();
    for round in 0..rounds {
        let server = setup.start().unwrap();
        ledger.while_sending(server.address, Pace::of_millis(2), || {
            thread::sleep(Duration::from_millis(150 + round * 90 % 400));
            shim.disk(Disk::Fails);
            // What was under way when the disk broke may still be answered.
            thread::sleep(Duration::from_millis(200));
            let (told, syncs) = (ledger.acknowledged().len(), shim.syncs());
            eventually("more attempts to write", PATIENCE, || shim.syncs() > syncs + 2);
            thread::sleep(Duration::from_millis(500));
            assert_eq!(ledger.acknowledged().len(), told, "acknowledged on a broken disk");
            server.kill().unwrap();
        });
        shim.cut_power((round % 2 == 1).then_some(round));
        shim.disk(Disk::Honest);
        let found = Sql::copy_of(shim.database());
        assert_eq!(found.rows("PRAGMA integrity_check"), ["ok"]);
        assert_eq!(ledger.missing(&found), [0; 0], "acknowledged and lost");
    }
    assert!(ledger.answered(503) > 0, "{}", ledger.told());
    assert_eq!(ledger.hasty(), [0; 0], "answers that do not say when to try again");
    let server = setup.start().unwrap();
    ledger.settle(&server);
    proof::drained(&server);
    Auditor::of(&setup.database, &ledger).all(&server, &partner, 2 + usize::try_from(rounds).unwrap());
    println!("{}", ledger.told());
}

#[test]
fn after_a_moment_of_failure_the_same_process_goes_on() {
    let partner = proof::partner();
    let mut setup = proof::setup("sqlite", &partner);
    let shim = Shim::under(&mut setup);
    let ledger = Ledger::new(proof::event);
    let server = setup.start().unwrap();
    ledger.while_sending(server.address, Pace::of_millis(2), || {
        for _ in 0..5 * proof::factor() {
            thread::sleep(Duration::from_millis(150));
            shim.disk(Disk::Fails);
            let errors = ledger.answered(503);
            eventually("an answer that nothing was kept", PATIENCE, || ledger.answered(503) > errors);
            shim.disk(Disk::Honest);
            let told = ledger.acknowledged().len();
            eventually("events are taken again", PATIENCE, || ledger.acknowledged().len() > told + 20);
        }
    });
    ledger.settle(&server);
    proof::drained(&server);
    Auditor::of(&setup.database, &ledger).all(&server, &partner, 3);
    println!("{}", ledger.told());
}

#[test]
fn a_full_disk_refuses_events_and_nothing_else() {
    let partner = proof::partner();
    let mut setup = proof::setup("sqlite", &partner);
    let shim = Shim::under(&mut setup);
    let ledger = Ledger::new(proof::event);
    let server = setup.start().unwrap();
    for round in 0..3 * proof::factor() {
        ledger.while_sending(server.address, Pace::of_millis(2), || {
            thread::sleep(Duration::from_millis(200));
            // A page is 4 KiB, and a turn writes a few: it ends in the midst of one.
            shim.room(Some(100_000 + u32::try_from(round).unwrap() * 1_717));
            let errors = ledger.answered(503);
            eventually("the disk is full", PATIENCE, || ledger.answered(503) > errors + 10);
            assert_eq!(shim.room_left(), 0);
            for _ in 0..10 {
                reads_go_on(&server);
                thread::sleep(Duration::from_millis(50));
            }
            shim.room(None);
            let told = ledger.acknowledged().len();
            eventually("events are taken again", PATIENCE, || ledger.acknowledged().len() > told + 20);
        });
    }
    assert_eq!(ledger.hasty(), [0; 0], "answers that do not say when to try again");
    ledger.settle(&server);
    proof::drained(&server);
    Auditor::of(&setup.database, &ledger).all(&server, &partner, 3);
    server.kill().unwrap();
    assert_eq!(Sql::copy_of(shim.database()).rows("PRAGMA integrity_check"), ["ok"]);
    println!("{}", ledger.told());
}

fn reads_go_on(server: &Server) {
    let mut admin = server.admin();
    for path in
        ["/health/live", "/health/ready", "/v1/journeys", "/v1/instances?limit=5", "/v1/profiles/p1", "/"]
    {
        let answer = admin.get(path).unwrap();
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
    }
}
