//! Several nodes on one PostgreSQL: any of them takes any event, they share the work, and whatever happens to one of them
//! costs a moment and nothing else.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{fs, thread, time::Duration};

use serde_json::json;
use testkit::{
    Partner, Reply,
    server::{Server, Setup},
};
use tests::{
    auditor::Auditor,
    eventually, instances,
    ledger::{Ledger, Pace},
    proof, send_to_each, setup_of,
};

const NAMES: [&str; 3] = ["one", "two", "three"];
/// How long a node that says nothing is taken for alive, and a little more.
const PAST_THE_LEASE: Duration = Duration::from_millis(6_500);
const SOON: Duration = Duration::from_secs(20);

fn start(setup: &Setup) -> [Server; 3] {
    let servers = NAMES.map(|name| setup.start_node(name).unwrap());
    proof::shared(&servers[0], 3, SOON);
    servers
}

#[test]
fn whoever_is_asked_has_it_done_by_whoever_has_the_person() {
    let partner = proof::partner();
    let setup = proof::setup("postgres", &partner);
    let servers = start(&setup);
    let ledger = Ledger::new(proof::event);
    for number in 0..120 {
        let server = &servers[number as usize % 3];
        ledger.send(&mut server.writer(), number);
    }
    assert_eq!(ledger.unknown(), [0; 0], "each of them takes each event: {}", ledger.told());
    // Nobody but a node is heard where nodes speak to each other.
    for mut stranger in [servers[0].admin(), servers[0].writer()] {
        let answer = stranger.json("POST", "/node", r#"{"Events":[]}"#).unwrap();
        assert_eq!(answer.status, 401, "{}", answer.body);
    }
    // Sent again to somebody else it is known, whoever took it.
    for number in 0..12 {
        let again = servers[(number as usize + 1) % 3].writer();
        let answer = { again }.json("POST", "/v1/events", &proof::event(number).to_string()).unwrap();
        assert_eq!(answer.json()["duplicates"], 1, "{}", answer.body);
    }
    // A batch for many people at once, one of them wrong: the answer is for all of them, in order.
    let mut batch: Vec<_> = (120..160).map(proof::event).collect();
    batch[7]["event"] = json!("Unheard Of");
    let answer = servers[0].writer().json("POST", "/v1/events", &json!(batch).to_string()).unwrap();
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert_eq!(answer.json()["accepted"], 39);
    assert_eq!(answer.json()["refused"][0]["index"], 7);

    for server in &servers {
        for person in 0..8 {
            let path = format!("/v1/profiles/p{person}");
            let changed = server.writer().json("PATCH", &path, r#"{"customerId": null}"#).unwrap();
            assert_eq!(changed.status, 200, "{}", changed.body);
        }
    }
    proof::drained(&servers[1]);
    let other = servers[2].admin().json("DELETE", "/v1/profiles/p1", "").unwrap();
    assert_eq!(other.status, 204);
    for server in &servers {
        assert_eq!(server.admin().get("/v1/profiles/p1").unwrap().status, 404);
        assert_eq!(instances(server, "profile=p1"), [json!(null); 0]);
        let id = instances(server, "profile=p2")[0]["id"].as_str().unwrap().to_owned();
        let operated = server.admin().json("POST", &format!("/v1/instances/{id}/retry"), "").unwrap();
        assert_eq!(operated.status, 409, "it has not failed: {}", operated.body);
    }
}

#[test]
fn shards_move_when_nodes_come_and_go() {
    let partner = proof::partner();
    let setup = proof::setup("postgres", &partner);
    let [one, two, three] = start(&setup);
    two.stop().unwrap();
    let moved = proof::shared(&one, 2, SOON);
    assert!(moved < Duration::from_secs(4), "who leaves hands over before the lease runs out: {moved:?}");
    three.kill().unwrap();
    let moved = proof::shared(&one, 1, SOON);
    assert!(moved > Duration::from_secs(2), "who is killed is alive until the lease runs out: {moved:?}");
    assert!(moved < Duration::from_secs(10), "{moved:?}");
    let again = setup.start_node("two").unwrap();
    proof::shared(&again, 2, SOON);
    one.kill().unwrap();
    // At the address where it was nobody else can be: its shards are free at once.
    let one = setup.start_node("one").unwrap();
    let moved = proof::shared(&one, 2, SOON);
    assert!(moved < Duration::from_secs(4), "{moved:?}");
}

#[test]
fn nothing_is_lost_whatever_happens_to_one_of_three() {
    let partner = proof::partner();
    let setup = proof::setup("postgres", &partner);
    let ledger = Ledger::new(proof::event);
    let rounds = proof::factor();
    let mut servers: Vec<Server> = start(&setup).into_iter().collect();
    let addresses: Vec<_> = servers.iter().map(|server| server.address).collect();
    let pace = Pace { threads: 2, pause: Duration::from_millis(15) };
    let trouble = || {
        for _ in 0..rounds {
            // Killed and started again at once, and killed and missed for longer than its lease.
            for absence in [Duration::from_millis(100), PAST_THE_LEASE] {
                servers.remove(1).kill().unwrap();
                thread::sleep(absence);
                servers.insert(1, setup.start_node(NAMES[1]).unwrap());
            }
            // Stopped past its lease in the midst of its work, and going on as if nothing had been.
            servers[2].signal("STOP").unwrap();
            thread::sleep(PAST_THE_LEASE);
            servers[2].signal("CONT").unwrap();
            thread::sleep(Duration::from_secs(2));
            // One after the other as in a deployment.
            for (place, name) in NAMES.into_iter().enumerate() {
                servers.remove(place).stop().unwrap();
                servers.insert(place, setup.start_node(name).unwrap());
                thread::sleep(Duration::from_millis(500));
            }
        }
        servers
    };
    let servers = ledger.while_sending(addresses[0], pace, || {
        ledger.while_sending(addresses[1], pace, || ledger.while_sending(addresses[2], pace, trouble))
    });
    ledger.settle(&servers[0]);
    proof::shared(&servers[0], 3, SOON);
    proof::drained(&servers[0]);
    let most = 2 + 8 * usize::try_from(rounds).unwrap();
    Auditor::of(&setup.database, &ledger).all(&servers[1], &partner, most);
    let said = fs::read_to_string(setup.log_of(NAMES[2])).unwrap();
    assert!(said.contains("taken over by other nodes"), "the one that was stopped found itself replaced");
    assert_eq!(ledger.hasty(), [0; 0], "errors say when to try again");
    println!("{}", ledger.told());
}

/// Calls that take their time, and calls that stand in line.
const SLOW: &str = r#"
profile { customerId: string key }
event asked "Asked" { n: int }
connection slow { url: "https://slow.example.com"  timeout: 30s each, 60s in all }
connection narrow {
  url: "https://narrow.example.com"
  timeout: 5s each, 60s in all
  throttle: 60 per second
}
action ask(n: int) { POST slow "/ask/{{ n }}" }
action tell(n: int) { POST narrow "/tell/{{ n }}" }
journey telling {
  enter on asked
  call ask(event.n)
  call tell(event.n)
}
"#;

#[test]
fn no_call_is_made_twice_while_nodes_come_and_stop() {
    let partner = Partner::start(|request, _| {
        let slow = if request.line.starts_with("POST /ask") { 700 } else { 0 };
        Reply { delay: Duration::from_millis(slow), ..Reply::ok("{}") }
    })
    .unwrap();
    let setup = setup_of("postgres", &partner, SLOW, &["slow", "narrow"]);
    let mut sent = 0;
    let mut send = |server: &Server, batches: usize| {
        for _ in 0..batches {
            send_to_each(server, "Asked", sent..sent + 10);
            sent += 10;
            thread::sleep(Duration::from_millis(100));
        }
        sent
    };
    let one = setup.start_node("one").unwrap();
    send(&one, 10);
    let two = setup.start_node("two").unwrap();
    send(&one, 25);
    proof::shared(&one, 2, SOON);
    one.stop().unwrap();
    send(&two, 5);
    let one = setup.start_node("one").unwrap();
    let people = send(&two, 25);
    proof::shared(&one, 2, SOON);
    proof::drained(&one);
    for line in ["POST /ask", "POST /tell"] {
        let effects = partner.effects(line);
        assert_eq!(effects.len(), people, "{line}");
        let twice = effects.values().filter(|times| **times > 1).count();
        assert_eq!(twice, 0, "{line}: made twice");
    }
}

#[test]
fn a_call_that_hangs_holds_a_shard_for_a_while_only() {
    const PEOPLE: usize = 20;
    let partner = Partner::start(|request, before| {
        let hangs = before == 0 && request.line.starts_with("POST /ask");
        Reply { delay: Duration::from_secs(if hangs { 25 } else { 0 }), ..Reply::ok("{}") }
    })
    .unwrap();
    let setup = setup_of("postgres", &partner, SLOW, &["slow", "narrow"]);
    let one = setup.start_node("one").unwrap();
    send_to_each(&one, "Asked", 0..PEOPLE);
    partner.wait_for("POST /ask", PEOPLE);
    let two = setup.start_node("two").unwrap();
    let moved = proof::shared(&one, 2, SOON);
    assert!(moved > Duration::from_secs(3), "calls are waited for: {moved:?}");
    assert!(moved < Duration::from_secs(9), "and not for ever: {moved:?}");
    eventually("those who moved go on", SOON, || !partner.seen_at("POST /tell").is_empty());
    proof::drained(&two);
    let asked = partner.effects("POST /ask");
    assert_eq!(asked.len(), PEOPLE, "each call has one key");
    assert!(asked.values().all(|times| *times <= 2), "{asked:?}");
    assert!(asked.values().any(|times| *times == 2), "whoever moved was asked again");
    assert_eq!(partner.effects("POST /tell").len(), PEOPLE);
}
