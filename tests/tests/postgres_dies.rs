//! PostgreSQL is stopped at once or killed again and again while events come in: the same process of ours goes on by
//! itself, and everything is right. And a server that may lose commits is refused.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{thread, time::Duration};

use testkit::Cluster;
use tests::{
    auditor::Auditor,
    eventually,
    ledger::{Ledger, Pace},
    proof,
};

const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn postgres_may_die_at_any_time() {
    let cluster = Cluster::start_new(&[]);
    let partner = proof::partner();
    let mut setup = proof::setup("postgres", &partner);
    cluster.execute("CREATE DATABASE proof");
    setup.database = format!("{}/proof", cluster.url());
    let server = setup.start().unwrap();
    let ledger = Ledger::new(proof::event);
    let rounds = 6 * proof::factor();
    ledger.while_sending(server.address, Pace::of_millis(6), || {
        for round in 0..rounds {
            thread::sleep(Duration::from_millis(200 + round * 170 % 600));
            if round % 2 == 0 {
                cluster.stop_at_once()
            } else {
                cluster.kill()
            }
            let errors = ledger.answered(503);
            eventually("an answer that nothing was kept", PATIENCE, || ledger.answered(503) > errors);
            thread::sleep(Duration::from_millis(round * 331 % 1_000));
            cluster.start();
            let told = ledger.acknowledged().len();
            let took =
                eventually("events are taken again", PATIENCE, || ledger.acknowledged().len() > told + 20);
            println!("round {round}: taken again after {took:?}");
        }
    });
    assert_eq!(ledger.hasty(), [0; 0], "answers that do not say when to try again");
    ledger.settle(&server);
    proof::drained(&server);
    Auditor::of(&setup.database, &ledger).all(&server, &partner, 3 + usize::try_from(rounds).unwrap());
    println!("{}", ledger.told());
}

#[test]
fn a_server_that_may_lose_commits_is_refused_and_told_why() {
    let cluster = Cluster::start_new(&["fsync = off"]);
    let partner = proof::partner();
    let mut setup = proof::setup("postgres", &partner);
    setup.database = format!("{}/postgres", cluster.url());
    let refused = |why: &str| {
        let error = setup.start().map(drop).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    };
    refused("set `fsync = on` in");
    cluster.execute("ALTER SYSTEM SET fsync = on");
    cluster.execute("SELECT pg_reload_conf()");
    cluster.execute("ALTER DATABASE postgres SET synchronous_commit = off");
    refused("an acknowledged event could be lost; set it to `on`");
    cluster.execute("ALTER DATABASE postgres RESET synchronous_commit");
    setup.start().unwrap();
}
