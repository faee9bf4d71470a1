//! Journeys that touch each other (start, wait for the end, queue, emit, stop, goal), through the program on both
//! databases, with a `kill -9` while one waits for the other.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::server::Server;
use tests::{DATABASES, begin, instances, send};

const JOURNEYS: &str = r#"
event asked "Asked" { id: string, length: duration = 300 ms }
event answered "Answered" { id: string }

/// Starts another journey and tells how it ended.
journey parent {
  enter on asked as a where a.id != "queued"
  one per a.id
  goal answered where it.id == event.id within 1 hour
  let result = start child with { id: a.id, length: a.length } then wait up to 1 minute
  call slackAlert("{{ a.id }}: {{ result?.status ?? "nothing" }} {{ result?.reason ?? "" }}")
}

journey child {
  enter when started with { id: string, length: duration } as given
  when inside queue
  one per "all"
  on exit as x { call slackAlert("child {{ given.id }} {{ x.reason }}") }
  wait given.length
  emit answered { id: given.id }
}

journey ends {
  enter on answered where it.id == "end it"
  stop child
}
"#;

fn eventually(server: &Server, what: &str, path: &str, holds: impl Fn(&Value) -> bool) {
    let begin = Instant::now();
    loop {
        let found = server.admin().get(path).unwrap().json();
        if holds(&found) {
            return;
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "{what}: {found}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn says(text: &str) -> String {
    format!(r#"{{ "message": "{text}" }}"#)
}

#[test]
fn a_journey_waits_for_the_end_of_another_through_a_kill() {
    for database in DATABASES {
        let (partner, setup, server) = begin(database, JOURNEYS);
        send(&mut server.writer(), "e1", "Asked", "c1", &json!({"id": "one", "length": "PT0.5S"}));
        send(&mut server.writer(), "e2", "Asked", "c1", &json!({"id": "two", "length": "PT0.2S"}));
        let queued = instances(&server, "journey=child&status=queued");
        assert_eq!(queued.len(), 1, "the second child waits for its turn: {queued:?}");
        server.kill().unwrap();

        let server = setup.start().unwrap();
        let mut said: Vec<String> =
            partner.wait_for("POST /slack/webhook", 4).iter().map(|request| request.body.clone()).collect();
        assert_eq!(said[0], says("child one completed"));
        said.sort();
        let expected = ["child one completed", "child two completed", "one: completed ", "two: completed "];
        assert_eq!(said, expected.map(says));
        eventually(&server, "both goals are reached", "/v1/journeys/parent", |journey| {
            journey["counts"]["reached"] == 2
        });
        let timeline = server.admin().get("/v1/profiles/c1/timeline").unwrap().body;
        assert!(timeline.contains("child.started") && timeline.contains("answered"), "{timeline}");
    }
}

#[test]
fn a_journey_is_started_over_http_and_stopped_by_another() {
    for database in DATABASES {
        let (partner, _, server) = begin(database, JOURNEYS);
        let start = |body: &Value| {
            server.admin().json("POST", "/v1/journeys/child/start", &body.to_string()).unwrap()
        };
        let answer = start(&json!({"id": "s1", "profile": "c1", "input": {"id": "long", "length": "PT1H"}}));
        assert_eq!((answer.status, answer.json()["outcome"].as_str()), (202, Some("entered")));
        let again = start(&json!({"id": "s1", "profile": "c1", "input": {"id": "long", "length": "PT1H"}}));
        assert_eq!((again.status, again.json()["outcome"].as_str()), (202, Some("duplicate")));
        let wrong = start(&json!({"id": "s2", "profile": "c1", "input": {"id": 7}}));
        assert_eq!(wrong.status, 422, "{}", wrong.body);
        assert!(wrong.body.contains("input.id"), "{}", wrong.body);
        let unknown =
            server.admin().json("POST", "/v1/journeys/parent/start", r#"{"id":"s","profile":"c1"}"#);
        assert!(unknown.unwrap().body.contains("enter when started"));

        send(&mut server.writer(), "e1", "Answered", "c1", &json!({"id": "end it"}));
        let said = partner.wait_for("POST /slack/webhook", 1)[0].body.clone();
        assert_eq!(said, says("child long stopped"));
        eventually(&server, "it is over", "/v1/instances?journey=child&status=stopped", |page| {
            page["instances"].as_array().is_some_and(|found| found.len() == 1)
        });
    }
}

const AUDIENCE: &str = r#"
event visited "Visited" { page: string = "/" }

/// Who comes back.
audience regular = count(visited within 1 hour) >= 2

journey welcomes {
  enter on regular.joined
  call slackAlert("welcome back")
  wait 1 hour
  call slackAlert(if profile in regular then "still here" else "gone")
}
"#;

#[test]
fn an_audience_is_kept_through_a_kill_and_shown() {
    for database in DATABASES {
        let (partner, setup, server) = begin(database, AUDIENCE);
        send(&mut server.writer(), "v1", "Visited", "c1", &json!({}));
        send(&mut server.writer(), "v1", "Visited", "c2", &json!({}));
        server.kill().unwrap();

        let server = setup.start().unwrap();
        send(&mut server.writer(), "v2", "Visited", "c1", &json!({}));
        let said = partner.wait_for("POST /slack/webhook", 1)[0].body.clone();
        assert_eq!(said, says("welcome back"));
        eventually(&server, "one of two belongs to it", "/v1/audiences", |list| {
            let regular = &list["audiences"][0];
            regular["doc"] == "Who comes back." && regular["members"] == 1 && regular["watched"] == 2
        });
        let members = instances(&server, "journey=regular&step=in");
        assert_eq!((members.len(), members[0]["profile"].as_str()), (1, Some("c1")), "{members:?}");
        let id = members[0]["id"].as_str().unwrap().to_owned();
        let shown = server.admin().get(&format!("/v1/instances/{id}")).unwrap();
        assert_eq!((shown.status, shown.json()["status"].as_str()), (200, Some("member")), "{}", shown.body);
        let all = instances(&server, "profile=c1");
        assert!(all.iter().all(|one| one["status"] != "member"), "{all:?}");
        let timeline = server.admin().get("/v1/profiles/c1/timeline").unwrap().body;
        assert!(timeline.contains("joined"), "{timeline}");
    }
}

const NUDGES: &str = r#"
event visited "Visited" {}
message nudge(words: string) via slackAlert { text: words }

journey nudges {
  enter on visited
  send nudge("come back")
  wait for nudge.clicked as click
  call slackAlert("clicked {{ click.url ?? "nothing" }}")
}
"#;

#[test]
fn a_reaction_to_a_message_is_an_event() {
    for database in DATABASES {
        let (partner, _, server) = begin(database, NUDGES);
        send(&mut server.writer(), "v1", "Visited", "c1", &json!({}));
        assert_eq!(partner.wait_for("POST /slack/webhook", 1)[0].body, says("come back"));
        let wrong = json!({"id": "r0", "event": "nudge.fumbled", "profile": "c1"});
        let refused = server.writer().json("POST", "/v1/events", &wrong.to_string()).unwrap();
        assert_eq!(refused.status, 422, "{}", refused.body);
        send(&mut server.writer(), "r1", "nudge.clicked", "c1", &json!({"url": "/cart"}));
        assert_eq!(partner.wait_for("POST /slack/webhook", 2)[1].body, says("clicked /cart"));
    }
}
