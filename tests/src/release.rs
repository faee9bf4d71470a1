//! People in the database of a release: who is where in which journey, and how each of them must go on under every later
//! one. `cargo xtask keep-release` lets them live in today's program and keeps the database; `tests/upgrades.rs` takes each
//! that was kept.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test without its people must fail")]

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use serde_json::{Value, json};
use testkit::{
    Partner, Recorded, Reply,
    server::{Server, Setup, workspace},
};

use crate::{eventually, instances, send, setup_of, shim::Shim};

/// What is deployed when they are kept. To be changed for releases that are not kept yet only.
pub const PROJECT: &str = r#"
profile { customerId: string key  points: int = 0 }
event started "Started" { what: string }
event paid "Paid" { n: int }
event bought "Bought" {}
connection shop { url: "https://shop.example.com"  timeout: 2s each, 1 hour in all  retry: 20 times, 30 minutes to 30 minutes }
connection vault { url: "https://vault.example.com"  timeout: 2s each, 1 hour in all }
action ask(what: string) -> { vip: bool } { GET shop "/ask/{{ what }}" }
action busy(what: string) { POST shop "/busy/{{ what }}" }
action broken(what: string) { POST shop "/broken/{{ what }}" }
action tell(what: string, text: string) { POST shop "/tell/{{ what }}/{{ text }}" }
action keep(what: string) { POST vault "/keep/{{ what }}" }
policy marketing { subscription "Offers" }
message offer via tell under marketing { what: "offer"  text: "sent" }
audience loyal = count(bought) >= 2

journey timer {
  enter on started as s where s.what == "timer"
  let answer = call ask(s.what)
  set profile.points = 7
  wait 1 day
  call tell(s.what, "{{ answer.vip }}-{{ profile.points }}")
}
journey event {
  enter on started as s where s.what == "event"
  wait for paid as p
  call tell(s.what, "{{ p.n }}")
}
journey retried {
  enter on started as s where s.what == "retried"
  call busy(s.what)
  call tell(s.what, "done")
}
journey parked {
  enter on started as s where s.what == "parked"
  call broken(s.what)
  call tell(s.what, "done")
}
journey held {
  enter on started as s where s.what == "held"
  call keep(s.what)
  call tell(s.what, "done")
}
journey queued {
  enter on started as s where s.what == "queued"
  when inside queue
  wait for paid as p
  call tell(s.what, "{{ p.n }}")
}
journey offered {
  enter on started as s where s.what == "offered"
  wait 1 day
  send offer()
  call tell(s.what, "done")
}
journey goal {
  enter on started as s where s.what == "goal"
  goal paid within 900 days
  call tell(s.what, "done")
}
journey limited {
  enter on started as s where s.what.startsWith("limited")
  limit "two" to 2 people {
    call tell("limited", "in")
  } else {
    call tell("limited", "out")
  }
}
journey welcome {
  enter on loyal.joined
  call tell("welcome", "done")
}
"#;

/// How long ago they lived.
const AGO: i64 = 60 * 24 * 3_600;
const SOON: Duration = Duration::from_secs(30);

/// What a later release has deployed: whoever is inside goes on with what was deployed when they entered.
fn later() -> String {
    PROJECT.replace("POST shop \"/tell/", "POST shop \"/told/")
}

/// Where releases are kept.
fn folder_of(release: &str) -> PathBuf {
    workspace().join("tests/releases").join(release)
}

/// The file of a database of either kind.
fn file_of(release: &str, database: &str) -> PathBuf {
    folder_of(release).join(if database == "sqlite" { "sqlite.db.gz" } else { "postgres.sql.gz" })
}

/// The releases that are kept.
pub fn kept() -> Vec<String> {
    let folders = fs::read_dir(folder_of("")).unwrap();
    folders.map(|folder| folder.unwrap().file_name().into_string().unwrap()).collect()
}

/// Keeps a database of today's program as that of a release; gives the file.
pub fn keep(release: &str, database: &str) -> PathBuf {
    let partner = troubled();
    let setup = live(database, &partner);
    let whole = setup.folder.join("whole");
    if database == "sqlite" {
        let backup = ["backup", "--database", &setup.database];
        let made = Command::new(&setup.program).args(backup).arg(&whole).status();
        assert!(made.unwrap().success(), "no backup is made");
    } else {
        testkit::dump(&setup.database, &whole);
        // What older programs of PostgreSQL do not understand, and nobody needs here.
        let text = fs::read_to_string(&whole).unwrap();
        let lines =
            text.lines().filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"));
        fs::write(&whole, lines.collect::<Vec<_>>().join("\n")).unwrap();
    }
    fs::create_dir_all(folder_of(release)).unwrap();
    let file = file_of(release, database);
    let mut packed = GzEncoder::new(File::create(&file).unwrap(), Compression::best());
    io::copy(&mut File::open(whole).unwrap(), &mut packed).unwrap();
    packed.finish().unwrap();
    fs::write(folder_of(release).join(key_file(database)), key_of_retried(&partner)).unwrap();
    file
}

/// The file that says under which key a call went out.
fn key_file(database: &str) -> String {
    format!("{database}.key")
}

/// The URL of a database of a release.
fn bring_back(release: &str, database: &str, folder: &Path) -> String {
    let whole = folder.join("whole");
    let mut unpacked = GzDecoder::new(File::open(file_of(release, database)).unwrap());
    io::copy(&mut unpacked, &mut File::create(&whole).unwrap()).unwrap();
    if database == "sqlite" { format!("sqlite:{}", whole.display()) } else { testkit::restore(&whole) }
}

/// A setup over an empty database.
fn setup(database: &str, partner: &Partner, text: &str) -> Setup {
    setup_of(database, partner, text, &["shop", "vault"])
}

/// The partner as he was then: in trouble.
fn troubled() -> Partner {
    Partner::start(|request: &Recorded, _| match request.line.split('/').nth(1) {
        Some("ask") => Reply::ok(r#"{"vip":true}"#),
        Some("busy") => Reply::status(503),
        Some("broken") => Reply::status(404),
        _ => Reply::ok("{}"),
    })
    .unwrap()
}

/// Lets everybody live up to where they are kept, and stops the server.
fn live(database: &str, partner: &Partner) -> Setup {
    let mut setup = setup(database, partner, PROJECT);
    let shim = Shim::under(&mut setup);
    shim.clock_ahead(-AGO);
    let server = setup.start().unwrap();
    let mut client = server.writer();
    let mut start = |what: &str, id: &str| {
        send(&mut client, id, "Started", &format!("of-{what}"), &json!({"what": what}));
    };
    server.admin().json("POST", "/v1/connections/vault/pause", "{}").unwrap();
    // Every node has heard of it by then.
    std::thread::sleep(Duration::from_millis(1_500));
    for what in
        ["timer", "event", "retried", "parked", "held", "queued", "offered", "goal", "limited-1", "limited-2"]
    {
        start(what, "start");
    }
    start("queued", "start-again");
    send(&mut client, "left", "marketing.unsubscribed", "of-offered", &json!({}));
    send(&mut client, "bought", "Bought", "of-welcome", &json!({}));
    eventually("everybody is where they are kept", SOON, || {
        let there = |journey: &str| statuses(&server, journey).join(" ");
        let all = ["timer", "event", "retried", "parked", "held", "offered", "goal", "limited"].map(there);
        all == [
            "waiting",
            "waiting",
            "calling",
            "failed",
            "calling",
            "waiting",
            "completed",
            "completed completed",
        ] && there("queued") == "queued waiting"
            && partner.seen_at("POST /busy").len() == 1
    });
    server.stop().unwrap();
    setup
}

/// How a journey's instances are, in the order of the alphabet.
fn statuses(server: &Server, journey: &str) -> Vec<String> {
    let found = instances(server, &format!("journey={journey}"));
    let mut all: Vec<String> = found.iter().map(|one| text(one, "status")).collect();
    all.sort();
    all
}

fn text(value: &Value, name: &str) -> String {
    value.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The key under which the call of `retried` went out, which must go with it for ever.
fn key_of_retried(partner: &Partner) -> String {
    partner.effects("POST /busy").into_keys().collect()
}

fn counted(lines: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    lines.for_each(|line| *counts.entry(line).or_default() += 1);
    counts
}

/// Everybody of a release goes on under today's program with another project, in the version that they entered.
pub fn goes_on(release: &str, database: &str) {
    let key = fs::read_to_string(folder_of(release).join(key_file(database))).unwrap();
    let answer = |request: &Recorded, _: usize| {
        Reply::ok(if request.line.starts_with("GET") { r#"{"vip":false}"# } else { "{}" })
    };
    let partner = Partner::start(answer).unwrap();
    let mut setup = setup(database, &partner, &later());
    setup.database = bring_back(release, database, &setup.folder);
    let server = setup.start().unwrap();
    let told = || counted(partner.seen().into_iter().map(|request| request.line));
    let tells = |lines: &[&str]| {
        let wanted = counted(lines.iter().map(|line| (*line).to_owned()));
        let what = format!("{database}: {lines:?}");
        let end = Instant::now() + SOON;
        while told() != wanted && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(told(), wanted, "{what}");
    };
    // Whose time has come meanwhile. Whoever has unsubscribed gets no offer.
    let mut lines = vec![
        "POST /tell/timer/true-7",
        "POST /busy/retried",
        "POST /tell/retried/done",
        "POST /tell/offered/done",
    ];
    tells(&lines);
    assert_eq!(key_of_retried(&partner), key, "{database}: a call has its key through every release");

    let mut client = server.writer();
    for what in ["event", "queued", "goal"] {
        send(&mut client, "paid", "Paid", &format!("of-{what}"), &json!({"n": 9}));
    }
    // The next in the queue has seen the payment, too, and tells when it is their turn.
    lines.extend(["POST /tell/event/9", "POST /tell/queued/9", "POST /tell/queued/9"]);
    tells(&lines);
    let retried = server.admin().json("POST", "/v1/instances/retry", r#"{"journey":"parked"}"#).unwrap();
    assert_eq!(retried.json()["done"], 1, "{}", retried.body);
    server.admin().json("POST", "/v1/connections/vault/resume", "{}").unwrap();
    lines.extend([
        "POST /broken/parked",
        "POST /tell/parked/done",
        "POST /keep/held",
        "POST /tell/held/done",
    ]);
    tells(&lines);

    // Who begins now begins in the new version, and what is remembered of then holds.
    send(&mut client, "bought-again", "Bought", "of-welcome", &json!({}));
    send(&mut client, "start", "Started", "of-limited-3", &json!({"what": "limited-3"}));
    lines.extend(["POST /told/welcome/done", "POST /told/limited/out"]);
    tells(&lines);
    let journeys = server.admin().get("/v1/journeys").unwrap().json();
    let goal =
        journeys["journeys"].as_array().unwrap().iter().find(|one| one["name"] == "goal").unwrap().clone();
    assert!(goal.to_string().contains(r#""reached":1"#), "{database}: {goal}");
    server.stop().unwrap();
}
