//! A herd that falls due at one moment does not hold up what falls due after it, nor the events that come meanwhile.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    collections::BTreeMap,
    fs,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use serde_json::{Value, json};
use testkit::{Partner, Reply, server::Server};
use tests::{DATABASES, eventually, instances, setup, setup_of};

const PROJECT: &str = r#"
profile { customerId: string key }
event campaign "Campaign" { at: datetime }
event asked "Asked" { n: int }
connection shop { url: "https://shop.example.com"  timeout: 10s each, 60s in all }
action tell(n: int) { POST shop "/tell/{{ n }}/now" }
journey herd { enter on campaign as c  wait until c.at }
journey asking { enter on asked as a  one per a.n  wait 200ms  call tell(a.n) }
"#;

/// How many wait for one moment, if so many can be let in before it.
const HERD: usize = 30_000;
/// How many are let in at once.
const BATCH: usize = 1_000;
/// How long the herd may take to gather.
const GATHERING: Duration = Duration::from_secs(15);
/// Nobody is let in so shortly before the moment that it might come first.
const MARGIN: Duration = Duration::from_secs(4);
const PATIENCE: Duration = Duration::from_secs(120);
const WAIT: Duration = Duration::from_millis(200);

/// When each was told.
type Told = Arc<Mutex<BTreeMap<usize, Instant>>>;

fn partner(told: &Told) -> Partner {
    let told = told.clone();
    let answer = move |request: &testkit::Recorded, _: usize| {
        let number = request.line.split('/').nth(2).unwrap().parse().unwrap();
        told.lock().unwrap().entry(number).or_insert_with(Instant::now);
        Reply::ok("{}")
    };
    Partner::start(answer).unwrap()
}

/// Lets in as many as can be before the moment; gives how many.
fn gather(server: &Server, moment: Instant, at: Timestamp) -> usize {
    let mut client = server.writer();
    let mut herd = 0;
    while herd < HERD && Instant::now() + MARGIN < moment {
        let event = |n: usize| json!({"id": "c", "event": "Campaign", "profile": format!("h{n}"), "properties": {"at": at.to_string()}});
        let body = Value::Array((herd..herd + BATCH).map(event).collect()).to_string();
        let answer = client.json("POST", "/v1/events", &body).unwrap();
        assert_eq!(answer.status, 202, "{}", answer.body);
        herd += BATCH;
    }
    herd
}

fn waiting(server: &Server) -> u64 {
    let list = server.admin().get("/v1/journeys").map(|answer| answer.json()).unwrap_or_default();
    let journeys = list["journeys"].as_array().cloned().unwrap_or_default();
    let herd = journeys.iter().find(|journey| journey["name"] == "herd");
    herd.and_then(|herd| herd["counts"]["waiting"].as_u64()).unwrap_or(u64::MAX)
}

/// Asks while the herd goes through; gives when each had asked, and how long that took.
fn ask(server: &Server) -> Vec<(Instant, Duration)> {
    let (mut client, mut asked) = (server.writer(), Vec::new());
    while asked.len() < 10 || waiting(server) > 0 {
        let n = asked.len();
        let body = json!({"id": format!("a{n}"), "event": "Asked", "profile": format!("p{n}"), "properties": {"n": n}});
        let begin = Instant::now();
        let answer = client.json("POST", "/v1/events", &body.to_string()).unwrap();
        assert_eq!(answer.status, 202, "{}", answer.body);
        asked.push((Instant::now(), begin.elapsed()));
        thread::sleep(Duration::from_millis(100));
    }
    asked
}

#[test]
fn a_herd_lets_others_pass_on_sqlite() {
    prove(DATABASES[0]);
}

#[test]
fn a_herd_lets_others_pass_on_postgres() {
    prove(DATABASES[1]);
}

fn prove(database: &str) {
    let told = Told::default();
    let partner = partner(&told);
    let mut setup = setup(database, &partner);
    setup.journeys = setup.folder.join("fair.journey");
    setup.connections = vec![("shop".to_owned(), partner.address)];
    fs::write(&setup.journeys, PROJECT).unwrap();
    let server = setup.start().unwrap();
    let moment = Instant::now() + GATHERING;
    let at = Timestamp::now().checked_add(jiff::SignedDuration::try_from(GATHERING).unwrap()).unwrap();
    let herd = gather(&server, moment, at);
    assert!(herd >= 2_000, "{database}: {herd} are no herd");
    assert_eq!(waiting(&server), herd as u64, "{database}: everybody waits for the moment");
    thread::sleep(moment.saturating_duration_since(Instant::now()));

    let asked = ask(&server);
    let took = moment.elapsed();
    eventually("everybody is told", PATIENCE, || told.lock().unwrap().len() == asked.len());
    let told = told.lock().unwrap();
    let late = |(n, (begin, _)): (usize, &(Instant, Duration))| (told[&n] - *begin).saturating_sub(WAIT);
    let latest = asked.iter().enumerate().map(late).max().unwrap();
    let slowest = asked.iter().map(|(_, took)| *took).max().unwrap();
    println!(
        "{database}: {herd} at once took {took:?}; of {} who fell due meanwhile the latest waited {latest:?}; \
         events were taken within {slowest:?}",
        asked.len()
    );
    assert!(latest < took / 2, "{database}: the herd took {took:?}, others waited {latest:?} for it");
    assert!(slowest < took / 2, "{database}: the herd took {took:?}, events {slowest:?}");
    eventually("all is over", PATIENCE, || instances(&server, "status=waiting").is_empty());
    assert_eq!(partner.seen().len(), asked.len(), "{database}: each was told once");
}

/// Two journeys that call a partner which takes twenty calls a second.
const THROTTLED: &str = r#"
profile { customerId: string key }
event campaign "Campaign" { at: datetime }
event asked "Asked" { n: int }
connection shop { url: "https://shop.example.com"  throttle: 20 per second  timeout: 10s each, 10 minutes in all }
action tell(who: string, n: int) { POST shop "/{{ who }}/{{ n }}/now" }
journey herd { enter on campaign  call tell("herd", 0) }
journey few { enter on asked as a  call tell("few", a.n) }
"#;

#[test]
fn a_herd_at_a_throttle_lets_other_journeys_through() {
    for database in DATABASES {
        let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
        let server = setup_of(database, &partner, THROTTLED, &["shop"]).start().unwrap();
        let campaign = |n: usize| json!({"id": "c", "event": "Campaign", "profile": format!("h{n}"), "properties": {"at": "2026-01-05T09:00:00Z"}});
        let herd = Value::Array((0..800).map(campaign).collect());
        assert_eq!(server.writer().json("POST", "/v1/events", &herd.to_string()).unwrap().status, 202);
        partner.wait_for("POST /herd/0/now", 20);
        let asked = |n: usize| json!({"id": "a", "event": "Asked", "profile": format!("p{n}"), "properties": {"n": n}});
        let few = Value::Array((0..20).map(asked).collect());
        assert_eq!(server.writer().json("POST", "/v1/events", &few.to_string()).unwrap().status, 202);
        for n in 0..20 {
            partner.wait_for(&format!("POST /few/{n}/now"), 1);
        }
        // In the order of coming they would be behind all of the herd, forty seconds later.
        let before = partner.seen_at("POST /herd/0/now").len();
        assert!(before < 450, "{database}: {before} of the herd went before the few");
    }
}
