//! `kill -9` at chosen places of what the program does: amid the writing of a transaction, before and after the disk is
//! waited for, before and after a call goes out and a sender is told. Nothing that was acknowledged is lost, and nothing
//! is done twice.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::time::Duration;

use serde_json::Value;
use tests::{
    DATABASES,
    auditor::Auditor,
    kill::{Kill, Place},
    ledger::{Ledger, Pace},
    proof,
    sql::Sql,
};

/// How often the program dies at each place.
const ROUNDS: u64 = 3;

#[test]
fn wherever_it_dies_nothing_is_lost_and_nothing_is_done_twice_on_sqlite() {
    prove(DATABASES[0], &Place::ON_SQLITE);
}

#[test]
fn wherever_it_dies_nothing_is_lost_and_nothing_is_done_twice_on_postgres() {
    prove(DATABASES[1], &Place::ON_POSTGRES);
}

/// The events of the story, whose payments are so long that the log is soon copied into the database.
fn event(n: u64) -> Value {
    let mut event = proof::event(n);
    if !proof::begins(n)
        && let Some(properties) = event.get_mut("properties")
    {
        properties["pad"] = "x".repeat(200_000).into();
    }
    event
}

fn prove(database: &str, places: &[Place]) {
    let rounds = ROUNDS * proof::factor();
    let partner = proof::partner();
    let mut setup = proof::setup(database, &partner);
    let kill = Kill::under(&mut setup);
    let ledger = Ledger::new(event);
    for round in 0..rounds {
        for (number, place) in (0..).zip(places) {
            kill.nowhere();
            let server = setup.start().unwrap();
            ledger.while_sending(server.address, Pace::of_millis(2), || {
                kill.at(*place, 1 + (round * 7 + number * 5) % place.times());
                let killed = server.is_killed(Duration::from_secs(60)).unwrap();
                assert!(killed, "{database}: it never comes to {place:?}: {}", ledger.told());
            });
        }
    }
    kill.nowhere();
    if database == "sqlite" {
        assert_eq!(Sql::of(&setup.database).rows("PRAGMA integrity_check"), ["ok"]);
    }
    let server = setup.start().unwrap();
    ledger.settle(&server);
    proof::drained(&server);
    let kills = places.len() * usize::try_from(rounds).unwrap();
    Auditor::of(&setup.database, &ledger).all(&server, &partner, 2 + kills);
    println!("{database}: {kills} kills, {}", ledger.told());
}
