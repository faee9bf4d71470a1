//! Steps that change a person, loop, expire and say farewell, through the program on both databases.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::time::Duration;

use serde_json::json;
use tests::{DATABASES, begin, instances, send};

const JOURNEY: &str = r#"
event upgraded "Upgraded" { plan: "silver" | "gold", rounds: int }

journey upgrade {
  enter on upgraded
  expire after 1500 ms
  on exit as x {
    call slackAlert("{{ x.reason }}: {{ profile.tier }}")
  }
  match event.plan {
    "gold" => { set profile.tier = "gold" }
    "silver" => { set profile.tier = "silver" }
  }
  repeat event.rounds times as round {
    wait 50 ms
    call slackAlert("round {{ round }}")
  }
  if event.plan == "gold" {
    wait 1 hour
  }
}
"#;

#[test]
fn a_person_is_changed_goes_round_and_expires() {
    for database in DATABASES {
        let (partner, _, server) = begin(database, JOURNEY);
        let mut http = server.writer();

        send(&mut http, "1", "Upgraded", "c1", &json!({"plan": "silver", "rounds": 2}));
        let said: Vec<String> =
            partner.wait_for("POST /slack/webhook", 3).iter().map(|request| request.body.clone()).collect();
        let says = |text: &str| format!(r#"{{ "message": "{text}" }}"#);
        assert_eq!(said, [says("round 1"), says("round 2"), says("completed: silver")]);
        let known = server.admin().get("/v1/profiles/c1").unwrap().json();
        assert_eq!(known["attributes"]["tier"], "silver", "{known}");

        send(&mut http, "2", "Upgraded", "c1", &json!({"plan": "gold", "rounds": 0}));
        let said = &partner.wait_for("POST /slack/webhook", 4)[3];
        assert_eq!(said.body, says("expired: gold"));
        let expired = (0..100).find_map(|_| {
            std::thread::sleep(Duration::from_millis(20));
            instances(&server, "status=expired").pop()
        });
        assert_eq!(expired.unwrap()["step"], "if-1.then.wait-1");
        let counted = server.admin().get("/v1/journeys/upgrade").unwrap().body;
        assert!(counted.contains("\"ended\":2"), "{counted}");
    }
}
