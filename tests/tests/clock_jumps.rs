//! The clock of a running server jumps a day and five years ahead and two hours back, and stands still: nothing is done before
//! its time by the clock, nothing is done twice, nothing is forgotten, and once the clock is right again everything goes on.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    thread,
    time::Duration,
};

use serde_json::json;
use testkit::{Partner, Reply, server::Server};
use tests::{DATABASES, eventually, instances, shim::Shim};

const PROJECT: &str = r#"
profile { customerId: string key }
event started "Started" { n: int }
connection shop { url: "https://shop.example.com"  timeout: 5s each, 60s in all }
action tell(n: int, what: string) { POST shop "/tell/{{ n }}/{{ what }}" }

journey clockwork {
  enter on started as start
  one per start.n
  wait 3s
  call tell(start.n, "short")
  wait 1 hour
  call tell(start.n, "long")
}
"#;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
const YEAR: i64 = 365 * DAY;
/// Longer than the shorter wait.
const A_WHILE: Duration = Duration::from_millis(4_500);
/// How long it may take until a worker has seen that the clock was set, and has done what is due.
const SOON: Duration = Duration::from_secs(10);

struct Clockwork {
    database: &'static str,
    partner: Partner,
    shim: Shim,
    server: Server,
}

impl Clockwork {
    fn start(database: &'static str) -> Clockwork {
        let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
        let mut setup = tests::setup(database, &partner);
        setup.journeys = setup.folder.join("clockwork.journey");
        setup.connections = vec![("shop".to_owned(), partner.address)];
        std::fs::write(&setup.journeys, PROJECT).unwrap();
        std::fs::write(
            setup.further_settings(),
            "[retention]\nevents = \"400 days\"\ninstances = \"90 days\"\n",
        )
        .unwrap();
        let shim = Shim::under(&mut setup);
        let server = setup.start().unwrap();
        Clockwork { database, partner, shim, server }
    }

    /// Has these people enter, who are the next, and waits until they have.
    fn enter(&self, people: Range<usize>) {
        let mut client = self.server.writer();
        for n in people.clone() {
            let event = json!({
                "id": format!("e{n}"), "event": "Started", "profile": format!("p{n}"), "properties": {"n": n},
            });
            assert_eq!(client.json("POST", "/v1/events", &event.to_string()).unwrap().status, 202);
        }
        eventually("they have entered", SOON, || instances(&self.server, "").len() == people.end);
    }

    /// Waits until so many wait, for whatever it is.
    fn wait(&self, people: usize) {
        eventually("they wait", SOON, || instances(&self.server, "status=waiting").len() == people);
    }

    /// Who was told: each under one key.
    fn told(&self, what: &str) -> BTreeSet<u64> {
        let mut keys: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
        for request in self.partner.seen_at("POST /tell/") {
            let mut parts = request.line.split('/').skip(2);
            let n = parts.next().unwrap().parse().unwrap();
            if parts.next() == Some(what) {
                let key = request.header("idempotency-key").unwrap().to_owned();
                keys.entry(n).or_default().insert(key);
            }
        }
        assert!(keys.values().all(|keys| keys.len() == 1), "{}: done twice: {keys:?}", self.database);
        keys.into_keys().collect()
    }

    /// Waits until exactly these have been told, and says how long that took.
    fn tells(&self, what: &str, wanted: Range<u64>, patience: Duration) {
        let wanted: BTreeSet<u64> = wanted.collect();
        let took = eventually(&format!("{what} for {wanted:?}"), patience, || self.told(what) == wanted);
        println!("{}: {what} for {} after {took:?}", self.database, wanted.len());
    }

    fn tells_nobody_else(&self, short: Range<u64>, long: Range<u64>) {
        thread::sleep(A_WHILE);
        assert_eq!(self.told("short"), short.collect(), "{}: short", self.database);
        assert_eq!(self.told("long"), long.collect(), "{}: long", self.database);
    }
}

#[test]
fn nothing_is_done_before_its_time_or_twice_on_sqlite() {
    jump(DATABASES[0]);
}

#[test]
fn nothing_is_done_before_its_time_or_twice_on_postgres() {
    jump(DATABASES[1]);
}

fn jump(database: &'static str) {
    let clockwork = Clockwork::start(database);
    clockwork.enter(0..5);
    clockwork.tells("short", 0..5, SOON);

    // Two hours back: nothing comes again, and who enters now waits as long as ever.
    clockwork.enter(5..10);
    clockwork.shim.clock_ahead(-2 * HOUR);
    clockwork.tells_nobody_else(0..5, 0..0);
    clockwork.enter(10..12);
    eventually("a wait that began two hours ago", SOON, || {
        clockwork.told("short") == (0..5).chain(10..12).collect()
    });
    assert_eq!(clockwork.told("long"), BTreeSet::new());
    clockwork.wait(12);

    // Right again: what was due meanwhile is made up for, also the hour of those who entered two hours ago.
    clockwork.shim.clock_ahead(0);
    clockwork.tells("short", 0..12, SOON);
    eventually("the hour of two hours ago", SOON, || clockwork.told("long") == (10..12).collect());
    clockwork.tells_nobody_else(0..12, 10..12);

    // A day ahead: every hour is over.
    clockwork.shim.clock_ahead(DAY);
    clockwork.tells("long", 0..12, SOON);
    clockwork.enter(12..14);
    clockwork.tells("short", 0..14, SOON);

    // Right again: who entered tomorrow waits until then, and everybody else goes on.
    clockwork.shim.clock_ahead(0);
    clockwork.enter(14..16);
    clockwork.tells("short", 0..16, SOON);
    clockwork.tells_nobody_else(0..16, 0..12);
    clockwork.wait(4);
    assert_eq!(instances(&clockwork.server, "status=completed").len(), 12);

    // It stands still: events are taken, and nobody's time comes until it goes on.
    clockwork.shim.stop_clock(true);
    clockwork.enter(16..18);
    clockwork.tells_nobody_else(0..16, 0..12);
    clockwork.shim.stop_clock(false);
    clockwork.tells("short", 0..18, SOON);
    clockwork.wait(6);

    // Five years ahead: whoever waits is through, and nobody is forgotten, old as they seem.
    clockwork.shim.clock_ahead(5 * YEAR);
    clockwork.tells("long", 0..18, SOON);
    clockwork.enter(18..20);
    clockwork.tells("short", 0..20, SOON);
    clockwork.shim.clock_ahead(0);
    clockwork.enter(20..22);
    clockwork.tells("short", 0..22, SOON);
    clockwork.wait(4);
    assert_eq!(instances(&clockwork.server, "status=completed").len(), 18);
}
