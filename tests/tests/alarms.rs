//! Journeys that heed what the server itself tells, through the program on both databases: a partner that fails and comes
//! back is told of once each, by however many nodes.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};
use testkit::{
    Partner, Recorded, Reply,
    server::{Server, Setup},
};
use tests::{eventually, instances, on_both, send_to_each, setup_of};

const PROJECT: &str = r#"
profile { customerId: string key  phone: string? }
event asked "Asked" { n: int }
connection shop {
  url: "https://shop.example.com"
  timeout: 2s each, 3s in all
  retry: never
  breaker: 50% of 20 calls, open 1s
}
connection team { url: "https://team.example.com"  retry: never }
action look(n: int) { GET shop "/look/{{ n }}" }
action tell(text: string) { POST team "/tell" json { "text": "{{ text }}" } }
journey looking {
  enter on asked
  call look(event.n)
}
audience reachable = profile.phone != null
journey alert {
  enter on system.connectionFailing as failing
  call look(0) or null
  call tell("failing {{ failing.connection }} {{ failing.kind }} {{ failing.failed >= 10 }} {{ profile.customerId }}")
  wait for system.connectionRecovered up to 1 hour else { exit "still failing" }
  call tell("back {{ failing.connection }}")
}
journey herds {
  enter on system.instancesFailing as herd
  call tell("herd {{ herd.journey }} {{ herd.step }} {{ herd.failed >= 20 }}")
}
"#;

struct Site {
    setup: Setup,
    partner: Partner,
    down: Arc<AtomicBool>,
}

/// The shop is down.
fn site(database: &str, project: &str) -> Site {
    let down = Arc::new(AtomicBool::new(true));
    let is_down = down.clone();
    let partner = Partner::start(move |request, _| {
        let fails = request.line.starts_with("GET /look") && is_down.load(Ordering::SeqCst);
        if fails { Reply::status(500) } else { Reply::ok("{}") }
    })
    .unwrap();
    let setup = setup_of(database, &partner, project, &["shop", "team"]);
    Site { setup, partner, down }
}

/// Waits until the slice of time in which something is told once has not just about ended.
fn within_a_slice() {
    loop {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
        if now % 300 < 240 {
            return;
        }
        thread::sleep(Duration::from_secs(1));
    }
}

/// What the team was told, in order, of one kind.
fn told(partner: &Partner, kind: &str) -> Vec<String> {
    let text = |request: Recorded| -> String {
        let body: Value = serde_json::from_str(&request.body).unwrap();
        body["text"].as_str().unwrap().to_owned()
    };
    let texts = partner.seen_at("POST /tell").into_iter().map(text);
    texts.filter(|text| text.starts_with(kind)).collect()
}

/// Sends so many people, each once, until somebody has been answered.
fn until_it_answers(server: &Server) {
    let mut number = 1_000;
    eventually("the partner is tried and answers", Duration::from_secs(30), || {
        send_to_each(server, "Asked", number..number + 1);
        number += 1;
        thread::sleep(Duration::from_millis(300));
        !instances(server, "journey=looking&status=completed").is_empty()
    });
}

#[test]
fn a_partner_that_fails_and_one_that_is_back_are_told_of_once() {
    on_both(|database| {
        within_a_slice();
        let Site { setup, partner, down } = site(database, PROJECT);
        let server = setup.start().unwrap();
        send_to_each(&server, "Asked", 0..40);
        eventually("the team hears of it", Duration::from_secs(30), || {
            told(&partner, "failing").len() == 1 && told(&partner, "herd").len() == 1
        });
        let said = told(&partner, "failing");
        assert_eq!(said, ["failing shop http true wayfare:connection:shop"], "{database}");
        assert_eq!(told(&partner, "herd"), ["herd looking call-look true"], "{database}");
        send_to_each(&server, "Asked", 40..80);
        thread::sleep(Duration::from_secs(4));
        assert_eq!(
            partner.seen_at("POST /tell").len(),
            2,
            "{database}: it goes on failing, and the alert too"
        );
        down.store(false, Ordering::SeqCst);
        until_it_answers(&server);
        eventually("it is told that it is back", Duration::from_secs(20), || {
            !told(&partner, "back").is_empty()
        });
        thread::sleep(Duration::from_secs(3));
        assert_eq!(told(&partner, "back"), ["back shop"], "{database}");
        assert_eq!(partner.seen_at("POST /tell").len(), 3, "{database}");
        // It stands in the log, with what it did.
        let timeline = server.admin().get("/v1/profiles/wayfare:connection:shop/timeline").unwrap().body;
        for event in ["\"id\":\"wayfare:failing-shop-", "\"id\":\"wayfare:recovered-shop-"] {
            assert_eq!(timeline.matches(event).count(), 1, "{database}: {timeline}");
        }
        server.stop().unwrap();
    });
}

#[test]
fn of_two_nodes_that_see_the_same_one_tells_it() {
    within_a_slice();
    let Site { setup, partner, down } = site("postgres", PROJECT);
    let (one, two) = (setup.start_node("one").unwrap(), setup.start_node("two").unwrap());
    eventually("both have shards", Duration::from_secs(30), || {
        let nodes: Value = serde_json::from_str(&one.admin().get("/v1/nodes").unwrap().body).unwrap();
        let nodes = nodes["nodes"].as_array().cloned().unwrap_or_default();
        nodes.len() == 2 && nodes.iter().all(|node| node["shards"].as_u64() == Some(32))
    });
    send_to_each(&one, "Asked", 0..200);
    eventually("the team hears of it", Duration::from_secs(30), || !told(&partner, "failing").is_empty());
    let opened = |server: &Server| {
        let metrics = server.admin().get("/metrics").unwrap().body;
        metrics.contains("wayfare_breaker_opened_total{connection=\"shop\"}")
    };
    eventually("both nodes have seen it", Duration::from_secs(20), || opened(&one) && opened(&two));
    thread::sleep(Duration::from_secs(3));
    assert_eq!(told(&partner, "failing").len(), 1);
    assert_eq!(told(&partner, "herd").len(), 1);
    down.store(false, Ordering::SeqCst);
    until_it_answers(&one);
    eventually("it is told that it is back", Duration::from_secs(20), || !told(&partner, "back").is_empty());
    thread::sleep(Duration::from_secs(3));
    assert_eq!(told(&partner, "back").len(), 1);
}

#[test]
fn what_no_journey_heeds_is_not_kept_and_nobody_can_pretend() {
    let deaf = PROJECT.split("journey alert").next().unwrap();
    let Site { setup, partner, .. } = site("sqlite", deaf);
    let server = setup.start().unwrap();
    send_to_each(&server, "Asked", 0..40);
    eventually("all have failed", Duration::from_secs(30), || {
        instances(&server, "status=failed&limit=100").len() == 40
    });
    thread::sleep(Duration::from_secs(3));
    assert_eq!(server.admin().get("/v1/profiles/wayfare:connection:shop").unwrap().status, 404);
    assert!(partner.seen_at("POST /tell").is_empty());
    let event = |body: Value| {
        let answer = server.writer().json("POST", "/v1/events", &body.to_string()).unwrap();
        (answer.status, answer.body)
    };
    let (status, body) = event(json!({"id": "1", "event": "system.connectionFailing", "profile": "p1"}));
    assert!(status == 422 && body.contains("is not declared"), "{body}");
    let own =
        json!({"id": "1", "event": "Asked", "profile": "wayfare:connection:shop", "properties": {"n": 1}});
    let (status, body) = event(own);
    assert!(status == 422 && body.contains("whom the server's events are about"), "{body}");
    let put = server.writer().json("PUT", "/v1/profiles/wayfare:connection:shop", "{}").unwrap();
    assert_eq!(put.status, 422, "{}", put.body);
}
