//! Policies of messages, through the program on both databases: a cap is remembered through a `kill -9`, and why a message
//! was held back is shown.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::time::{Duration, Instant};

use serde_json::json;
use testkit::server::Server;
use tests::{DATABASES, begin, instances, person, send};

const JOURNEY: &str = r#"
event visited "Visited" { id: string }

policy rare { at most 1 per 1 day }
message nudge(id: string) via slackAlert under rare { text: "nudge {{ id }}" }

journey nudges {
  enter on visited
  re-enter always
  send nudge(event.id)
}
"#;

#[test]
fn a_cap_is_kept_through_a_kill() {
    for database in DATABASES {
        let (partner, setup, server) = begin(database, JOURNEY);
        person(&server, "c2");
        send(&mut server.writer(), "v1", "Visited", "c1", &json!({"id": "one"}));
        ended(&server, 1);
        server.kill().unwrap();

        let server = setup.start().unwrap();
        send(&mut server.writer(), "v2", "Visited", "c1", &json!({"id": "two"}));
        send(&mut server.writer(), "v2", "Visited", "c2", &json!({"id": "other"}));
        ended(&server, 3);
        let mut said: Vec<String> =
            partner.wait_for("POST /slack/webhook", 2).iter().map(|request| request.body.clone()).collect();
        said.sort();
        assert_eq!(said, [r#"{ "message": "nudge one" }"#, r#"{ "message": "nudge other" }"#]);
        let timeline = server.admin().get("/v1/profiles/c1/timeline").unwrap().body;
        assert!(timeline.contains("1 went out within 1 day already"), "{timeline}");
    }
}

/// Waits until so many journeys have ended.
fn ended(server: &Server, wanted: usize) {
    let begin = Instant::now();
    while instances(server, "journey=nudges&status=completed").len() < wanted {
        let found = instances(server, "journey=nudges");
        assert!(begin.elapsed() < Duration::from_secs(20), "{wanted} journeys end: {found:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}
