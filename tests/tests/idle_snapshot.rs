//! Somebody holds a snapshot of PostgreSQL open, so that nothing which is over can be cleared away: journeys go on at much
//! the same rate for as long as it is held, and afterwards.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{
    thread,
    time::{Duration, Instant},
};

use sqlx::{Connection as _, Executor as _, PgConnection};
use tests::{
    auditor::Auditor,
    ledger::{Ledger, Pace},
    proof,
};

/// A third of the time for which the snapshot is held.
const THIRD: Duration = Duration::from_secs(8);

#[test]
fn a_snapshot_that_somebody_holds_does_not_bring_journeys_to_a_halt() {
    let partner = proof::partner();
    let setup = proof::setup("postgres", &partner);
    let server = setup.start().unwrap();
    let ledger = Ledger::new(proof::event);
    // How many events are taken in a second.
    let rate = |long: Duration| {
        let (before, begin) = (ledger.acknowledged().len(), Instant::now());
        thread::sleep(long);
        (ledger.acknowledged().len() - before) as f64 / begin.elapsed().as_secs_f64()
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut holder = runtime.block_on(PgConnection::connect(&setup.database)).unwrap();
    let (before, held, after) = ledger.while_sending(server.address, Pace::of_millis(0), || {
        // A database that is quite new grows warm first.
        rate(THIRD / 3);
        let before = rate(THIRD / 2);
        let mut hold =
            |statement: &'static str| runtime.block_on(holder.execute(statement)).map(drop).unwrap();
        hold("BEGIN ISOLATION LEVEL REPEATABLE READ");
        hold("SELECT count(*) FROM events");
        let held = [(); 3].map(|()| rate(THIRD));
        hold("COMMIT");
        (before, held, rate(THIRD / 2))
    });
    println!("events a second before {before:.0}, while it is held {held:.0?}, afterwards {after:.0}");
    for rate in held.into_iter().chain([after]) {
        assert!(
            rate >= before / 2.0,
            "before {before:.0}, while it is held {held:.0?}, afterwards {after:.0}"
        );
    }
    ledger.settle(&server);
    proof::drained(&server);
    let auditor = Auditor::of(&setup.database, &ledger);
    auditor.log();
    auditor.turns();
    auditor.counters();
    auditor.effects(&partner, 3);
}
