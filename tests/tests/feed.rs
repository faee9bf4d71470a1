//! Events from NATS JetStream: each has its effects once, whatever is killed, and whatever comes twice.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::time::Duration;

use testkit::{Nats, Partner, Publisher, Reply, server::Setup};
use tests::{eventually, instances, on_both, setup};

const PEOPLE: usize = 300;

const PROJECT: &str = r#"
profile { customerId: string key }
event started "Started" { n: int }
connection shop { url: "https://partner.example.com" }
action tell(id: string) { POST shop "/tell/{{ id }}/now" }
journey fed {
  enter on started
  re-enter always
  call tell(profile.customerId)
}
"#;

fn event(id: &str, person: usize) -> String {
    format!(r#"{{"id":"{id}","event":"Started","profile":"p{person}","properties":{{"n":1}}}}"#)
}

/// A server with a stream to take from, and somebody who fills it.
fn begin(database: &str, partner: &Partner) -> (Setup, Nats, Publisher) {
    let mut setup = setup(database, partner);
    setup.journeys = setup.folder.join("feed.journey");
    setup.connections = vec![("shop".to_owned(), partner.address)];
    std::fs::write(&setup.journeys, PROJECT).unwrap();
    let nats = Nats::start(setup.folder.join("nats")).unwrap();
    let mut publisher = nats.connect().unwrap();
    publisher.create_stream("EVENTS").unwrap();
    let settings = format!("[nats]\nurl = \"{}\"\nstream = \"EVENTS\"\n", nats.url());
    std::fs::write(setup.further_settings(), settings).unwrap();
    (setup, nats, publisher)
}

/// Waits until NATS has an acknowledgement of everything.
fn all_acknowledged(publisher: &mut Publisher) {
    eventually("everything is acknowledged", Duration::from_secs(90), || {
        let info = publisher.ask("$JS.API.CONSUMER.INFO.EVENTS.wayfare", "").unwrap();
        info["num_pending"] == 0 && info["num_ack_pending"] == 0
    });
}

#[test]
fn each_event_of_a_stream_has_its_effects_once() {
    on_both(|database| {
        let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
        let (setup, mut nats, mut publisher) = begin(database, &partner);
        let server = setup.start().unwrap();
        for person in 0..PEOPLE {
            // Every third is published twice: JetStream keeps both, and the event's id tells them apart.
            for _ in 0..1 + usize::from(person % 3 == 0) {
                let stored = publisher.ask("EVENTS.all", &event("e1", person)).unwrap();
                assert_eq!(stored["stream"], "EVENTS", "{stored}");
            }
            if person == PEOPLE / 3 {
                break;
            }
        }
        server.kill().unwrap();
        for person in PEOPLE / 3 + 1..PEOPLE {
            publisher.ask("EVENTS.all", &event("e1", person)).unwrap();
        }
        let server = setup.start().unwrap();
        std::thread::sleep(Duration::from_millis(100));
        nats.restart().unwrap();
        let mut publisher = nats.connect().unwrap();
        publisher.ask("EVENTS.late", &event("e2", 0)).unwrap();
        all_acknowledged(&mut publisher);
        eventually("everybody is told", Duration::from_secs(60), || {
            partner.effects("POST /tell/").len() > PEOPLE
        });
        assert_eq!(partner.effects("POST /tell/").len(), PEOPLE + 1, "{database}: one key for each entry");
        for person in [0, 3, PEOPLE - 1] {
            let entered = instances(&server, &format!("profile=p{person}"));
            assert_eq!(entered.len(), 1 + usize::from(person == 0), "{database}: p{person}");
        }
    });
}

#[test]
fn when_the_node_that_takes_from_the_stream_is_killed_another_goes_on() {
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let (setup, _nats, mut publisher) = begin("postgres", &partner);
    // Who came first keeps the first shard, and so the stream.
    let first = setup.start_node("first").unwrap();
    let second = setup.start_node("second").unwrap();
    for person in 0..PEOPLE / 2 {
        publisher.ask("EVENTS.all", &event("e1", person)).unwrap();
    }
    partner.wait_for("POST /tell/", 1);
    first.kill().unwrap();
    for person in PEOPLE / 2..PEOPLE {
        publisher.ask("EVENTS.all", &event("e1", person)).unwrap();
    }
    all_acknowledged(&mut publisher);
    eventually("everybody is told", Duration::from_secs(60), || {
        partner.effects("POST /tell/").len() >= PEOPLE
    });
    assert_eq!(partner.effects("POST /tell/").len(), PEOPLE, "one key for each entry");
    for person in [0, PEOPLE / 2, PEOPLE - 1] {
        assert_eq!(instances(&second, &format!("profile=p{person}")).len(), 1, "p{person}");
    }
}

#[test]
fn what_is_no_event_is_acknowledged_and_on_record() {
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let (setup, _nats, mut publisher) = begin("sqlite", &partner);
    let server = setup.start().unwrap();
    for text in ["not JSON", r#"{"id":"e9","event":"Unheard Of","profile":"p1"}"#, &event("e1", 1)] {
        publisher.ask("EVENTS.all", text).unwrap();
    }
    all_acknowledged(&mut publisher);
    let refused = server.admin().get("/v1/refusals").unwrap().json();
    let reasons: Vec<&str> =
        refused["refused"].as_array().unwrap().iter().filter_map(|one| one["reason"].as_str()).collect();
    assert_eq!(reasons.len(), 2, "{refused}");
    assert!(reasons[0].starts_with("`Unheard Of` is not declared"), "{reasons:?}");
    assert_eq!(instances(&server, "profile=p1").len(), 1);
}

#[test]
fn a_stream_that_does_not_exist_is_said_at_the_start() {
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let (setup, nats, _) = begin("sqlite", &partner);
    let settings = format!("[nats]\nurl = \"{}\"\nstream = \"ELSEWHERE\"\n", nats.url());
    std::fs::write(setup.further_settings(), settings).unwrap();
    let said = setup.start().map(drop).unwrap_err().to_string();
    assert!(said.contains("NATS has no stream `ELSEWHERE`; create it first"), "{said}");
}
