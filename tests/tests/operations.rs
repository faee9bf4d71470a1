//! What operators do, through the program: with all that failed at once, in a partner's place, and by holding calls.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::{Value, json};
use testkit::{
    Partner, Reply,
    server::{Server, Setup},
};
use tests::{eventually, instances, on_both, send_to_each, setup_of};

const PROJECT: &str = r#"
profile { customerId: string key }
event asked "Asked" { n: int }
event other "Other" { n: int }
event peeked "Peeked" { n: int }
connection shop {
  url: "https://shop.example.com"
  timeout: 5s each, 20s in all
  retry: never
}
connection frail {
  url: "https://frail.example.com"
  retry: never
  breaker: 100% of 100 calls, open 1s
}
connection mail { url: "https://mail.example.com"  retry: never }
action look(n: int) -> { vip: bool } { GET shop "/look/{{ n }}" }
action peek(n: int) { GET frail "/look/{{ n }}" }
action tell(n: int, vip: bool) { POST mail "/tell" json { "n": {{ n }}, "vip": {{ vip }} } }
journey looking {
  enter on asked
  let seen = call look(event.n)
  call tell(event.n, seen.vip)
}
journey peeking {
  enter on peeked
  call peek(event.n)
}
journey telling {
  enter on other
  call tell(event.n, false)
}
"#;

struct Site {
    setup: Setup,
    server: Server,
    partner: Partner,
    down: Arc<AtomicBool>,
}

/// The shop is down.
fn site(database: &str) -> Site {
    let down = Arc::new(AtomicBool::new(true));
    let is_down = down.clone();
    let partner = Partner::start(move |request, _| {
        let fails = request.line.starts_with("GET /look") && is_down.load(Ordering::SeqCst);
        if fails { Reply::status(503) } else { Reply::ok(r#"{"vip": true}"#) }
    })
    .unwrap();
    let setup = setup_of(database, &partner, PROJECT, &["shop", "frail", "mail"]);
    let server = setup.start().unwrap();
    Site { setup, server, partner, down }
}

fn post(server: &Server, path: &str, body: &Value) -> (u16, Value) {
    let answer = server.admin().json("POST", path, &body.to_string()).unwrap();
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

fn failed(server: &Server) -> Vec<Value> {
    instances(server, "status=failed&limit=500")
}

#[test]
fn what_failed_is_retried_all_at_once_and_each_effect_happens_once() {
    const PEOPLE: usize = 400;
    on_both(|database| {
        let Site { server, partner, down, .. } = site(database);
        send_to_each(&server, "Asked", 0..PEOPLE);
        eventually("all are parked", Duration::from_secs(60), || failed(&server).len() == PEOPLE);
        let (status, problem) = post(&server, "/v1/instances/retry", &json!({}));
        assert_eq!(status, 400, "what is meant must be said: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains("say which"), "{problem}");
        let (_, nobody) = post(&server, "/v1/instances/retry", &json!({"kind": "timeout"}));
        assert_eq!(nobody["done"], 0, "{nobody}");
        let (status, _) = post(&server, "/v1/instances/retry", &json!({"kind": "rain"}));
        assert_eq!(status, 400);

        down.store(false, Ordering::SeqCst);
        let which = json!({"journey": "looking", "kind": "http"});
        // Two operators at once.
        let (one, two) = thread::scope(|scope| {
            let other = scope.spawn(|| post(&server, "/v1/instances/retry", &which).1);
            (post(&server, "/v1/instances/retry", &which).1, other.join().unwrap())
        });
        let sum = |name: &str| one[name].as_u64().unwrap() + two[name].as_u64().unwrap();
        assert_eq!(sum("done"), PEOPLE as u64, "{one} {two}");
        assert_eq!(sum("unknown"), 0, "{one} {two}");
        eventually("everybody is told", Duration::from_secs(60), || {
            partner.effects("POST /tell").len() == PEOPLE && instances(&server, "status=calling").is_empty()
        });
        assert!(failed(&server).is_empty(), "{database}");
        assert_eq!(partner.seen_at("POST /tell").len(), PEOPLE, "{database}");
    });
}

#[test]
fn some_of_them_are_done_and_the_next_request_goes_on_behind_those() {
    on_both(|database| {
        let Site { server, partner, .. } = site(database);
        send_to_each(&server, "Asked", 0..600);
        eventually("all are parked", Duration::from_secs(60), || {
            partner.seen_at("GET /look").len() == 600 && instances(&server, "status=calling").is_empty()
        });
        let (_, first) = post(&server, "/v1/instances/cancel", &json!({"journey": "looking", "most": 510}));
        assert_eq!(first["done"], 510, "{first}");
        let next = json!({"journey": "looking", "before": first["next"]});
        let (_, rest) = post(&server, "/v1/instances/cancel", &next);
        assert_eq!((&rest["done"], &rest["next"]), (&json!(90), &Value::Null), "{rest}");
        assert_eq!(failed(&server).len(), 0, "{database}");
    });
}

#[test]
fn a_call_is_answered_in_the_partners_place() {
    on_both(|database| {
        let Site { server, partner, .. } = site(database);
        send_to_each(&server, "Asked", 0..3);
        eventually("all are parked", Duration::from_secs(60), || failed(&server).len() == 3);
        let id = failed(&server)[0]["id"].as_str().unwrap().to_owned();
        let path = format!("/v1/instances/{id}/answer");
        let (status, problem) = post(&server, &path, &json!({"answer": {"vip": "perhaps"}}));
        assert_eq!(status, 422, "{problem}");
        assert!(problem["detail"].as_str().unwrap().contains("vip"), "{problem}");
        let (status, view) = post(&server, &path, &json!({"answer": {"vip": true}}));
        assert_eq!(status, 200, "{view}");
        assert_eq!(view["variables"]["seen"]["vip"], true, "{view}");
        let (status, problem) = post(&server, &path, &json!({"answer": {"vip": true}}));
        assert_eq!(status, 409, "once only: {problem}");
        let (_, all) =
            post(&server, "/v1/instances/answer", &json!({"journey": "looking", "answer": {"vip": false}}));
        assert_eq!(all["done"], 2, "{all}");
        eventually("everybody is told", Duration::from_secs(30), || {
            partner.effects("POST /tell").len() == 3 && instances(&server, "status=calling").is_empty()
        });
        let vips = partner.seen_at("POST /tell").iter().filter(|told| told.body.contains("true")).count();
        assert_eq!(vips, 1, "{database}");
        // All calls of an instance are one trace, each attempt another part of it.
        let (asked, told) = (partner.seen_at("GET /look"), partner.seen_at("POST /tell"));
        for instance in instances(&server, "journey=looking") {
            let trace = instance["id"].as_str().unwrap().replace('-', "");
            for (seen, call) in [(&asked, 1), (&told, 2)] {
                let expected = format!("00-{trace}-{call:08x}00000001-01");
                let of_it = |one: &&testkit::Recorded| one.header("traceparent") == Some(&expected);
                assert_eq!(seen.iter().filter(of_it).count(), 1, "{database}: {expected}");
            }
        }
    });
}

fn connection(server: &Server, name: &str) -> Value {
    let list: Value = serde_json::from_str(&server.admin().get("/v1/connections").unwrap().body).unwrap();
    let found = list["connections"].as_array().unwrap().iter().find(|one| one["name"] == name);
    found.unwrap().clone()
}

#[test]
fn a_paused_connection_holds_its_calls_through_a_restart_and_nobody_else() {
    const PEOPLE: usize = 200;
    on_both(|database| {
        let Site { setup, server, partner, down } = site(database);
        down.store(false, Ordering::SeqCst);
        let (status, paused) = post(&server, "/v1/connections/shop/pause", &json!({}));
        assert_eq!(status, 200, "{paused}");
        assert!(paused["pausedSince"].is_string(), "{paused}");
        assert_eq!(post(&server, "/v1/connections/nobody/pause", &json!({})).0, 404);
        send_to_each(&server, "Asked", 0..PEOPLE);
        send_to_each(&server, "Other", 0..PEOPLE);
        eventually("the others are told", Duration::from_secs(30), || {
            partner.effects("POST /tell").len() == PEOPLE
        });
        server.kill().unwrap();
        let server = setup.start().unwrap();
        // Longer than a call may take in all, which does not count while it is held.
        thread::sleep(Duration::from_secs(22));
        assert_eq!(partner.seen_at("GET /look").len(), 0, "{database}");
        let held = instances(&server, "status=calling&limit=500");
        assert_eq!(held.len(), PEOPLE, "{database}");
        let one = held[0]["id"].as_str().unwrap();
        let view: Value =
            serde_json::from_str(&server.admin().get(&format!("/v1/instances/{one}")).unwrap().body).unwrap();
        assert_eq!(view["waits"]["text"], "`shop` to go on: it is paused", "{view}");

        let (_, resumed) = post(&server, "/v1/connections/shop/resume", &json!({}));
        assert_eq!(resumed["pausedSince"], Value::Null, "{resumed}");
        eventually("those that were held go on", Duration::from_secs(30), || {
            partner.effects("POST /tell").len() == 2 * PEOPLE
                && instances(&server, "status=calling").is_empty()
        });
        assert!(failed(&server).is_empty(), "{database}");
        assert_eq!(partner.seen_at("GET /look").len(), PEOPLE, "{database}: each once");
    });
}

#[test]
fn it_is_seen_how_calls_go() {
    on_both(|database| {
        let Site { server, partner, .. } = site(database);
        let frail = connection(&server, "frail");
        assert_eq!((&frail["breaker"], &frail["actions"]), (&json!("closed"), &json!([])), "{frail}");
        send_to_each(&server, "Peeked", 0..120);
        send_to_each(&server, "Other", 0..30);
        eventually("all have ended", Duration::from_secs(30), || {
            partner.effects("POST /tell").len() == 30 && failed(&server).len() >= 100
        });
        let frail = connection(&server, "frail");
        assert_eq!(frail["actions"][0]["name"], "peek", "{frail}");
        assert!(frail["actions"][0]["ends"]["http"].as_u64().unwrap() >= 100, "{frail}");
        assert_ne!(frail["breaker"], "closed", "a hundred failed: {frail}");
        let mail = &connection(&server, "mail");
        let tell = &mail["actions"][0];
        assert_eq!(tell["ends"], json!({"ok": 30}), "{mail}");
        let (half, most) = (tell["p50"].as_f64().unwrap(), tell["p99"].as_f64().unwrap());
        assert!(half > 0.0 && half <= most && most < 10_000.0, "{mail}");
        assert_eq!(mail["breaker"], Value::Null, "it has none: {mail}");
        eventually("the partner is tried again", Duration::from_secs(10), || {
            connection(&server, "frail")["breaker"] != "open"
        });
    });
}
