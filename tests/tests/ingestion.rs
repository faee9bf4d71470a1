//! What is taken and what is refused, over real HTTP, on both databases.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use serde_json::{Value, json};
use testkit::{Partner, Reply};
use tests::{DATABASES, instances, person, send, setup};

fn event(id: &str, properties: Value) -> Value {
    json!({"id": id, "event": "Reward Requested", "profile": "c1", "properties": properties})
}

#[test]
fn hostile_input_gets_a_clear_answer_and_leaves_nothing() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let huge = "x".repeat(10 << 20);
    let good = |extra: &str| {
        format!(
            r#"{{"id":"x","event":"Reward Requested","profile":"c9","properties":{{"requestId":"r"{extra}}}}}"#
        )
    };
    let cases: Vec<(u16, String, &str)> = vec![
        (422, "{".into(), "EOF"),
        (400, "".into(), "empty"),
        (422, "{\"id\":".into(), "EOF"),
        (413, huge, "8 MiB"),
        (422, deep, ""),
        (422, good(r#","x":"\u0000""#), "NUL"),
        (422, good(r#","x":1e400"#), "28"),
        (
            422,
            r#"{"id":"x","event":"Reward Requested","profile":"c9","properties":{"requestId":5}}"#.into(),
            "expected string",
        ),
        (
            422,
            r#"{"id":"x","event":"reward requested","profile":"c9"}"#.into(),
            "did you mean `Reward Requested`",
        ),
        (422, r#"{"id":"","event":"Reward Requested","profile":"c9"}"#.into(), "must not be empty"),
        (422, r#"{"id":"x","event":"Reward Requested","profile":"c9","surprise":1}"#.into(), "unknown field"),
        (
            422,
            r#"{"id":"x","event":"Reward Requested","profile":"c9","at":"yesterday"}"#.into(),
            "is not a date and time",
        ),
    ];
    for database in DATABASES {
        let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
        let server = setup(database, &partner).start().unwrap();
        for (status, body, part) in &cases {
            let shown = body.get(..body.len().min(80)).unwrap_or_default();
            let answer = server.writer().json("POST", "/v1/events", body).unwrap();
            assert_eq!(answer.status, *status, "{shown}: {answer:?}");
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{shown}");
            assert!(answer.body.contains(part), "{shown}: {}", answer.body);
        }
        assert_eq!(server.admin().get("/v1/profiles/c9").unwrap().status, 404, "nothing was stored");
        let unknown = server.writer().json("PUT", "/v1/profiles/c9", r#"{"firstname":"Ada"}"#).unwrap();
        assert_eq!(unknown.status, 422);
        assert!(unknown.body.contains("did you mean `firstName`"), "{}", unknown.body);
        assert_eq!(server.admin().get("/v1/profiles/c9").unwrap().status, 404);
        let on_record = server.admin().get("/v1/refusals").unwrap().json();
        let shown = on_record["refused"].as_array().unwrap().len();
        assert_eq!(shown, 10, "every 422 is on record, also what could not be read: {on_record}");
        assert_eq!(server.writer().get("/v1/refusals").unwrap().status, 403);
    }
}

#[test]
fn a_timeline_is_read_page_by_page_without_gap_or_repetition() {
    for database in DATABASES {
        let partner = Partner::start(|_, _| Reply::ok(r#"{"vip":false,"level":null}"#)).unwrap();
        let server = setup(database, &partner).start().unwrap();
        person(&server, "c1");
        let batch: Vec<Value> = (0..70)
            .map(|number| event(&format!("{number}"), json!({"requestId": format!("r{number}")})))
            .collect();
        let answer = server.writer().json("POST", "/v1/events", &json!(batch).to_string()).unwrap();
        assert_eq!(answer.status, 202);
        partner.wait_for("GET /rewards", 70);
        // Turns may still be added on top while pages are read; what is older does not move.
        let (mut seen, mut next) = (Vec::new(), String::new());
        loop {
            let page = server.admin().get(&format!("/v1/profiles/c1/timeline{next}")).unwrap().json();
            for entry in page["entries"].as_array().unwrap() {
                let (event, turn) = (&entry["event"], &entry["turn"]);
                seen.push(format!("{}{}{}", event["id"], turn["instance"], turn["turn"]));
            }
            let Some(before) = page["next"].as_str() else { break };
            next = format!("?before={before}");
        }
        let events = seen.iter().filter(|entry| entry.ends_with("nullnull")).count();
        assert_eq!(events, 70);
        let mut once = seen.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), seen.len(), "nothing twice");
        assert!(seen.len() >= 140, "each entered with a turn: {}", seen.len());
        assert_eq!(server.admin().get("/v1/profiles/c1/timeline?before=x").unwrap().status, 400);
    }
}

#[test]
fn an_event_is_applied_once_and_a_bad_one_does_not_harm_its_neighbours() {
    for database in DATABASES {
        let partner = Partner::start(|_, _| Reply::ok(r#"{"vip":false,"level":null}"#)).unwrap();
        let server = setup(database, &partner).start().unwrap();
        person(&server, "c1");
        let batch = json!([
            event("1", json!({"requestId": "a"})),
            event("2", json!({})),
            event("3", json!({"requestId": "b"}))
        ]);
        let answer = server.writer().json("POST", "/v1/events", &batch.to_string()).unwrap();
        assert_eq!(answer.status, 422);
        let problem = answer.json();
        assert_eq!((&problem["kept"], &problem["accepted"]), (&json!([0, 2]), &json!(2)));
        let refused =
            json!([{"index": 1, "field": "properties.requestId", "reason": "is missing; expected string"}]);
        assert_eq!(problem["refused"], refused);

        let lines = format!(
            "{}\n\n{}\n",
            event("1", json!({"requestId": "a"})),
            event("4", json!({"requestId": "c"}))
        );
        let again =
            server.writer().send("POST", "/v1/events", "application/x-ndjson", lines.as_bytes()).unwrap();
        assert_eq!((again.status, again.json()), (202, json!({"accepted": 1, "duplicates": 1})));
        // The first to come under an id is the event, however its sender writes it. Another one under it is refused: a stored
        // one's, and that of a neighbour.
        let (first, last) = (event("1", json!({"requestId": "z"})), event("5", json!({"requestId": "d"})));
        let others = json!([
            event("1", json!({ "requestId": "a" })),
            first,
            last,
            event("5", json!({"requestId": "e"})),
            event("5", json!({"requestId": "d"}))
        ]);
        let others = others.to_string().replace(r#""requestId":"a""#, r#" "requestId" : "\u0061" "#);
        let answer = server.writer().json("POST", "/v1/events", &others).unwrap();
        assert_eq!(answer.status, 422, "{}", answer.body);
        let problem = answer.json();
        assert_eq!((&problem["kept"], &problem["accepted"]), (&json!([0, 2, 4]), &json!(1)));
        assert_eq!(problem["duplicates"], 2, "{problem}");
        let reason = "was taken before, for another event of this person; give each event an id of its own";
        let conflicts = json!([1, 3].map(|index| json!({"index": index, "field": "id", "reason": reason})));
        assert_eq!(problem["refused"], conflicts);
        let on_record = server.admin().get("/v1/refusals?profile=c1").unwrap().json();
        let on_record = on_record["refused"].as_array().unwrap();
        assert_eq!(on_record.len(), 3, "{on_record:?}");
        for (id, request) in [("1", "z"), ("5", "e")] {
            let record = on_record.iter().find(|one| one["eventId"] == id).unwrap();
            assert_eq!((&record["event"], &record["field"]), (&json!("Reward Requested"), &json!("id")));
            assert!(
                record["body"].as_str().unwrap().contains(&format!(r#""requestId":"{request}""#)),
                "{record}"
            );
        }
        let record = &on_record[2];
        assert_eq!((&record["eventId"], &record["event"]), (&json!("2"), &json!("Reward Requested")));
        assert_eq!((&record["field"], &record["reason"]), (&refused[0]["field"], &refused[0]["reason"]));
        assert!(record["body"].as_str().unwrap().contains("\"properties\":{}"), "{record}");
        partner.wait_for("GET /rewards", 4);
        assert_eq!(instances(&server, "profile=c1").len(), 4);
        let timeline = server.admin().get("/v1/profiles/c1/timeline").unwrap().json();
        let events =
            timeline["entries"].as_array().unwrap().iter().filter(|entry| !entry["event"].is_null()).count();
        assert_eq!(events, 4);
        assert!(!timeline.to_string().contains("\"z\""), "{timeline}");
    }
}

#[test]
fn the_same_event_may_be_written_otherwise() {
    for database in DATABASES {
        let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
        let server = setup(database, &partner).start().unwrap();
        let order = |properties: &str| {
            let event = format!(
                r#"{{"id":"o1","event":"Order Completed","profile":"c1","properties":{properties}}}"#
            );
            let answer = server.writer().json("POST", "/v1/events", &event).unwrap();
            (answer.status, answer.json()["duplicates"].clone())
        };
        assert_eq!(order(r#"{"orderId":"o","total":59.9,"items":[]}"#), (202, json!(0)));
        for again in [
            r#"{"orderId":"o","total":59.90,"items":[]}"#,
            r#"{"items":[],"orderId":"\u006f","total":5.99e1}"#,
            r#"{"orderId":"o","cartId":null,"total":59.9,"items":[],"sentBy":"a second server"}"#,
        ] {
            assert_eq!(order(again), (202, json!(1)), "{database}: {again}");
        }
        for other in [
            r#"{"orderId":"o","total":59.91,"items":[]}"#,
            r#"{"orderId":"o","cartId":"c","total":59.9,"items":[]}"#,
        ] {
            assert_eq!(order(other), (422, json!(0)), "{database}: {other}");
        }
    }
}

#[test]
fn who_did_not_enter_is_told_why_and_who_is_erased_is_gone() {
    for database in DATABASES {
        let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
        let server = setup(database, &partner).start().unwrap();
        let mut http = server.writer();
        let cart = |total: f64| json!({"cartId": "k1", "total": total, "items": []});
        send(&mut http, "1", "Cart Abandoned", "c1", &cart(10.0));
        person(&server, "c1");
        send(&mut http, "2", "Cart Abandoned", "c1", &cart(0.0));
        send(&mut http, "3", "Cart Abandoned", "c1", &cart(10.0));
        send(&mut http, "4", "Cart Abandoned", "c1", &cart(10.0));
        let timeline = server.admin().get("/v1/profiles/c1/timeline").unwrap().json();
        let reason = |id: &str| {
            let entries = timeline["entries"].as_array().unwrap();
            let found = entries.iter().find(|entry| entry["event"]["id"] == id).unwrap();
            found["event"]["outcomes"][0]["reason"].as_str().unwrap_or("entered").to_owned()
        };
        assert!(reason("1").starts_with("the profile does not fit: `userId`: is missing"), "{}", reason("1"));
        assert_eq!(reason("2"), "`cart.total > 0` did not hold");
        assert_eq!(reason("3"), "entered");
        assert_eq!(reason("4"), "already inside for `k1`");

        assert_eq!(server.admin().json("DELETE", "/v1/profiles/c1", "").unwrap().status, 204);
        assert_eq!(server.admin().get("/v1/profiles/c1").unwrap().status, 404);
        assert!(instances(&server, "profile=c1").is_empty());
        let journeys = server.admin().get("/v1/journeys").unwrap().json();
        assert_eq!(journeys["journeys"][0]["counts"]["waiting"], 0);

        // Whoever comes back afterwards is somebody new.
        person(&server, "c1");
        send(&mut http, "4", "Cart Abandoned", "c1", &cart(10.0));
        assert_eq!(instances(&server, "profile=c1").len(), 1);
    }
}

#[test]
fn nothing_of_who_is_erased_is_left_in_the_file() {
    const MARK: &str = "Vanishing-Vera";
    let partner = Partner::start(|_, _| Reply::ok(r#"{"vip":false,"level":null}"#)).unwrap();
    let setup = setup("sqlite", &partner);
    let server = setup.start().unwrap();
    let bytes_of = |suffix: &str| {
        let path = format!("{}{suffix}", setup.database.trim_start_matches("sqlite:"));
        std::fs::read(path).unwrap_or_default()
    };
    let holds = |suffix: &str| bytes_of(suffix).windows(MARK.len()).any(|window| window == MARK.as_bytes());
    let profile = json!({"userId": MARK, "phoneNumber": "+49301234567", "firstName": MARK, "email": MARK});
    let path = format!("/v1/profiles/{MARK}");
    assert_eq!(server.writer().json("PUT", &path, &profile.to_string()).unwrap().status, 200);
    // Events, instances and their history, so many that pages are split and become free again.
    for number in 0..200 {
        let properties = json!({"requestId": format!("{MARK}-{number}")});
        send(&mut server.writer(), &format!("{MARK}-{number}"), "Reward Requested", MARK, &properties);
    }
    let refused = json!({"id": "x", "event": "Reward Requested", "profile": MARK, "properties": {"x": MARK}});
    assert_eq!(server.writer().json("POST", "/v1/events", &refused.to_string()).unwrap().status, 422);
    assert!(holds("") || holds("-wal"), "the mark can be seen");
    assert_eq!(server.admin().json("DELETE", &path, "").unwrap().status, 204);
    for suffix in ["", "-wal", "-shm"] {
        assert!(!holds(suffix), "the file{suffix} still holds somebody who was erased");
    }
    server.stop().unwrap();
    let log = std::fs::read_to_string(setup.log()).unwrap();
    assert!(!log.contains(MARK), "{log}");
}

#[test]
fn keys_open_only_their_own_doors() {
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let server = setup("sqlite", &partner).start().unwrap();
    let mut nobody = testkit::http::Client::new(server.address, None);
    assert_eq!(nobody.get("/v1/journeys").unwrap().status, 401);
    assert_eq!(nobody.json("POST", "/v1/events", "[]").unwrap().status, 401);
    assert_eq!(server.writer().get("/v1/journeys").unwrap().status, 403);
    assert_eq!(server.writer().get("/metrics").unwrap().status, 403);
    assert_eq!(server.writer().json("POST", "/v1/events", "[]").unwrap().status, 202);
    assert_eq!(server.admin().get("/v1/journeys").unwrap().status, 200);
    assert_eq!(nobody.get("/health/live").unwrap().status, 200);
    person(&server, "c1");
    send(&mut server.writer(), "1", "Reward Requested", "c1", &json!({"requestId": "a"}));
    assert!(server.admin().get("/metrics").unwrap().body.contains("wayfare_events_total"));
    let keyless = std::process::Command::new(tests::program())
        .args(["serve", "--journeys"])
        .arg(testkit::server::workspace().join("journeys"))
        .env_remove("WAYFARE_ADMIN_KEYS")
        .output()
        .unwrap();
    assert!(!keyless.status.success());
    assert!(String::from_utf8_lossy(&keyless.stderr).contains("WAYFARE_ADMIN_KEYS"));
}
