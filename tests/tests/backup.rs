//! Backups: a copy that was made under load takes the database's place, and senders send their events again. Nobody is
//! forgotten, and partners are called again only under keys that they know.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    collections::BTreeSet,
    fs,
    process::{Command, Output},
    time::Duration,
};

use testkit::{Partner, Reply, server::Setup};
use tests::{eventually, instances, on_both, program, send_to_each, setup_of};

const PROJECT: &str = r#"
profile { customerId: string key }
event asked "Asked" { n: int }
connection shop { url: "https://shop.example.com" }
action look(n: int) -> { vip: bool } { GET shop "/look/{{ n }}/now" }
action tell(n: int) { POST shop "/tell/{{ n }}/now" json { "n": {{ n }} } }
journey telling {
  enter on asked
  let seen = call look(event.n)
  wait 1s
  call tell(event.n)
}
"#;
const HALF: usize = 60;

/// Runs `wayfare backup`.
fn back_up(database: &str, copy: &std::path::Path) -> Output {
    Command::new(program()).args(["backup", "--database", database]).arg(copy).output().unwrap()
}

/// The URL of a copy that is made while the server runs, as the manual says.
fn copied(setup: &Setup) -> String {
    if !setup.database.starts_with("sqlite:") {
        return testkit::copy_of(&setup.database);
    }
    let copy = setup.folder.join("copy.db");
    let made = back_up(&setup.database, &copy);
    let said = String::from_utf8_lossy(&made.stdout);
    assert!(made.status.success() && said.contains("copy.db: "), "{made:?}");
    format!("sqlite:{}", copy.display())
}

#[test]
fn who_sends_again_after_an_old_copy_is_restored_repeats_no_effect() {
    on_both(|database| {
        let partner = Partner::start(|_, _| Reply::ok(r#"{"vip":true}"#)).unwrap();
        let mut setup = setup_of(database, &partner, PROJECT, &["shop"]);
        let server = setup.start().unwrap();
        send_to_each(&server, "Asked", 0..HALF);
        partner.wait_for("GET /look", HALF / 2);
        let copy = copied(&setup);
        send_to_each(&server, "Asked", HALF..2 * HALF);
        partner.wait_for("POST /tell", 2 * HALF);
        let known: BTreeSet<String> = partner.effects("").into_keys().collect();
        assert_eq!(known.len(), 4 * HALF, "{database}: a key for each call");
        server.kill().unwrap();

        setup.database = copy;
        let server = setup.start().unwrap();
        let there = instances(&server, "limit=200").len();
        assert!((1..=HALF).contains(&there), "{database}: the copy knows {there} people");
        send_to_each(&server, "Asked", 0..2 * HALF);
        eventually("everybody is through", Duration::from_secs(60), || {
            instances(&server, "status=completed&limit=200").len() == 2 * HALF
        });
        let asked: BTreeSet<String> = partner.effects("").into_keys().collect();
        let fresh: Vec<&String> = asked.difference(&known).collect();
        assert!(fresh.is_empty(), "{database}: {} calls went out under keys of their own", fresh.len());
        assert!(partner.seen_at("POST /tell").len() >= 3 * HALF, "{database}: who came later is told again");
    });
}

#[test]
fn a_copy_that_cannot_be_made_says_why_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (here, copy) = (folder.path().join("here.db"), folder.path().join("copy.db"));
    let url = |file: &std::path::Path| format!("sqlite:{}", file.display());
    let said = |output: Output| {
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(said(back_up(&url(&here), &copy)).contains("there is no database"));
    fs::write(&here, "this is no database, however long it is made to look like one").unwrap();
    assert!(said(back_up(&url(&here), &copy)).contains("not a database"));
    assert!(said(back_up("postgres://postgres@127.0.0.1:1/x", &copy)).contains("pg_dump"));
    fs::write(&copy, "precious").unwrap();
    assert!(said(back_up(&url(&here), &copy)).contains("is there already"));
    assert_eq!(fs::read_to_string(&copy).unwrap(), "precious");
    let nowhere = folder.path().join("no/such/folder/copy.db");
    assert!(said(back_up(&url(&here), &nowhere)).starts_with("error: "));
    let mut left: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["copy.db", "here.db"]);
}

#[test]
fn one_copy_at_a_time_is_written_to_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let (here, copy) = (folder.path().join("here.db"), folder.path().join("copy.db"));
    let url = format!("sqlite:{}", here.display());
    let unfinished = folder.path().join("copy.db.unfinished");
    fs::write(&unfinished, "left by somebody who was ended").unwrap();
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let mut setup = setup_of("sqlite", &partner, PROJECT, &["shop"]);
    setup.database.clone_from(&url);
    setup.start().unwrap().stop().unwrap();

    let writes = fs::File::options().write(true).open(&unfinished).unwrap();
    writes.lock().unwrap();
    let refused = back_up(&url, &copy);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("another copy is being written there"), "{refused:?}");
    assert!(unfinished.exists() && !copy.exists());
    drop(writes);
    let made = back_up(&url, &copy);
    assert!(made.status.success(), "{made:?}");
    assert!(copy.exists() && !unfinished.exists());
}
