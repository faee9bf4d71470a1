//! Power cuts on SQLite: what was written and not waited for is gone, and nothing that was acknowledged is.
//!
//! `kill -9` alone cannot show this, since the kernel keeps what a dead process wrote: see `shim/shim.c`.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{
    thread,
    time::{Duration, Instant},
};

use testkit::server::{Server, Setup};
use tests::{
    auditor::Auditor,
    ledger::{Ledger, Pace},
    proof,
    shim::{Disk, Shim},
    sql::Sql,
};

const CUTS: u64 = 20;

/// Sends for a while, and kills the process in the midst of it.
fn live_and_die(ledger: &Ledger, server: Server, millis: u64) {
    ledger.while_sending(server.address, Pace::of_millis(1), || {
        thread::sleep(Duration::from_millis(millis));
        server.kill().unwrap();
    });
}

fn under_the_shim() -> (testkit::Partner, Setup, Shim) {
    let partner = proof::partner();
    let mut setup = proof::setup("sqlite", &partner);
    let shim = Shim::under(&mut setup);
    (partner, setup, shim)
}

#[test]
fn a_power_cut_takes_nothing_that_was_acknowledged() {
    let (partner, setup, shim) = under_the_shim();
    let ledger = Ledger::new(proof::event);
    let cuts = CUTS * proof::factor();
    let mut undone = 0;
    for cut in 0..cuts {
        live_and_die(&ledger, setup.start().unwrap(), 100 + cut * 37 % 300);
        // Every other time some of what nobody waited for is there all the same, whole or in part.
        undone += shim.cut_power((cut % 2 == 1).then_some(cut));
        let found = Sql::copy_of(shim.database());
        assert_eq!(found.rows("PRAGMA integrity_check"), ["ok"], "cut {cut}");
        assert_eq!(ledger.missing(&found), [0; 0], "cut {cut}: acknowledged and lost");
    }
    assert!(undone > 0, "no cut met a write that was under way");
    let server = setup.start().unwrap();
    ledger.settle(&server);
    proof::drained(&server);
    Auditor::of(&setup.database, &ledger).all(&server, &partner, 2 + usize::try_from(cuts).unwrap());
    println!("{cuts} cuts, {undone} writes undone, {}", ledger.told());
}

#[test]
fn a_power_cut_while_the_log_is_copied_takes_nothing() {
    let (_partner, setup, shim) = under_the_shim();
    let ledger = Ledger::new(proof::bulky_event);
    let cuts = 6 * proof::factor();
    let mut met = 0;
    for cut in 0..cuts {
        let server = setup.start().unwrap();
        ledger.while_sending(server.address, Pace::of_millis(0), || {
            let begin = Instant::now();
            while !shim.is_copying() {
                assert!(
                    begin.elapsed() < Duration::from_secs(60),
                    "the log is never copied: {}",
                    ledger.told()
                );
                thread::sleep(Duration::from_micros(200));
            }
            thread::sleep(Duration::from_millis(cut % 5 * 4));
            server.kill().unwrap();
        });
        met += u64::from(shim.is_copying());
        shim.cut_power((cut % 2 == 1).then_some(cut));
        let found = Sql::copy_of(shim.database());
        assert_eq!(found.rows("PRAGMA integrity_check"), ["ok"], "cut {cut}");
        assert_eq!(ledger.missing(&found), [0; 0], "cut {cut}: acknowledged and lost");
    }
    assert!(met > 0, "no cut came while the log was copied");
    let server = setup.start().unwrap();
    ledger.settle(&server);
    Auditor::of(&setup.database, &ledger).log();
    println!("{met} of {cuts} cuts while the log was copied, {}", ledger.told());
}

/// The control: were nothing waited for, the check above would see it.
#[test]
fn a_disk_that_lies_is_found_out() {
    let (_partner, setup, shim) = under_the_shim();
    let ledger = Ledger::new(proof::event);
    live_and_die(&ledger, setup.start().unwrap(), 300);
    shim.cut_power(None);
    assert_eq!(ledger.missing(&Sql::copy_of(shim.database())), [0; 0]);
    let before = ledger.acknowledged().len();
    shim.disk(Disk::Lies);
    live_and_die(&ledger, setup.start().unwrap(), 300);
    shim.cut_power(None);
    let (told, lost) = (ledger.acknowledged().len() - before, ledger.missing(&Sql::copy_of(shim.database())));
    assert!(told > 0 && lost.len() >= told, "{told} acknowledged by a disk that lies, {} lost", lost.len());
    println!("{told} acknowledged by a disk that lies, {} of them lost", lost.len());
}

#[test]
fn no_answer_leaves_before_the_disk_has_been_waited_for() {
    let (_partner, setup, shim) = under_the_shim();
    let server = setup.start().unwrap();
    // Payments of nobody: they begin nothing, so that no other turn waits for the disk meanwhile.
    let ledger = Ledger::new(|n| proof::event(4 * n + 3));
    let mut client = server.writer();
    for number in 0..50 {
        let before = shim.syncs();
        assert_eq!(ledger.send(&mut client, number), Some(202));
        assert!(shim.syncs() > before, "event {number} was acknowledged, and the disk was not waited for");
    }
    let before = shim.syncs();
    assert_eq!(ledger.send(&mut client, 0), Some(202), "a repetition");
    assert_eq!(shim.syncs(), before, "what is known already is not written again");
}
