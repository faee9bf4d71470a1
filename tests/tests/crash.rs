//! `kill -9` in the midst of waits, calls and requests: nothing that was acknowledged is lost, nothing is done twice.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{thread, time::Duration};

use tests::{
    DATABASES,
    auditor::Auditor,
    ledger::{Ledger, Pace},
    proof,
};

const KILLS: u64 = 20;

#[test]
fn nothing_is_lost_and_nothing_is_done_twice_on_sqlite() {
    prove(DATABASES[0]);
}

#[test]
fn nothing_is_lost_and_nothing_is_done_twice_on_postgres() {
    prove(DATABASES[1]);
}

fn prove(database: &str) {
    let kills = KILLS * proof::factor();
    let partner = proof::partner();
    let setup = proof::setup(database, &partner);
    let ledger = Ledger::new(proof::event);
    for kill in 0..kills {
        let server = setup.start().unwrap();
        ledger.while_sending(server.address, Pace::of_millis(8), || {
            thread::sleep(Duration::from_millis(80 + kill * 37 % 300));
            server.kill().unwrap();
        });
    }
    let server = setup.start().unwrap();
    ledger.settle(&server);
    proof::drained(&server);
    Auditor::of(&setup.database, &ledger).all(&server, &partner, 2 + usize::try_from(kills).unwrap());
    assert!(ledger.acknowledged().len() > 100, "{database}: {}", ledger.told());
    println!("{database}: {kills} kills, {}", ledger.told());
}
