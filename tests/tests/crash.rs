//! `kill -9` in the midst of waits and calls: nothing that was acknowledged is lost, nothing is done twice.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use serde_json::json;
use testkit::{Partner, Reply};
use tests::{DATABASES, instances, setup};

const KILLS: u64 = 20;

const PROJECT: &str = r#"
profile { customerId: string key }

event started "Started" { n: int }

connection twilio { url: "https://partner.example.com"  timeout: 2s each, 60s in all  retry: 5 times, 50ms to 200ms }
connection warehouse { url: "https://partner.example.com" }
connection rewards { url: "https://partner.example.com" }
connection recommendations { url: "https://partner.example.com" }
connection payments { url: "https://partner.example.com" }
connection slack { url: "https://partner.example.com" }

action ask(id: string) -> { vip: bool } {
  GET twilio "/ask?id={{ id }}"
}

action tell(id: string) {
  POST twilio "/tell/{{ id }}/now"
}

journey crashing {
  enter on started
  one per event.n
  let answer = call ask(profile.customerId)
  if answer.vip {
    wait 200ms
    call tell(profile.customerId)
  }
}
"#;

#[test]
fn nothing_is_lost_and_nothing_is_done_twice() {
    for database in DATABASES {
        let partner = Partner::start(|request, before| {
            // Some attempts are slow, so that kills hit calls under way; some fail and are tried again.
            let slow = if request.line.len() % 3 == 0 { 120 } else { 5 };
            let delay = Duration::from_millis(slow);
            let failing = before == 0 && request.line.contains("7/");
            Reply { delay, ..if failing { Reply::status(503) } else { Reply::ok(r#"{"vip":true}"#) } }
        })
        .unwrap();
        let mut setup = setup(database, &partner);
        setup.journeys = setup.folder.join("crash.journey");
        std::fs::write(&setup.journeys, PROJECT).unwrap();
        let mut acknowledged = HashSet::new();
        let mut sent = 0u64;
        for kill in 0..KILLS {
            let server = setup.start().unwrap();
            let mut http = server.writer();
            let end = Instant::now() + Duration::from_millis(80 + kill * 37 % 300);
            while Instant::now() < end {
                let profile = format!("p{sent}");
                let event =
                    json!({"id": profile, "event": "Started", "profile": profile, "properties": {"n": sent}});
                if http
                    .json("POST", "/v1/events", &event.to_string())
                    .is_ok_and(|answer| answer.status == 202)
                {
                    acknowledged.insert(profile);
                }
                sent += 1;
                std::thread::sleep(Duration::from_millis(4));
            }
            server.kill().unwrap();
        }
        let server = setup.start().unwrap();
        let end = Instant::now() + Duration::from_secs(60);
        while instances(&server, "status=waiting").len() + instances(&server, "status=calling").len() > 0 {
            assert!(Instant::now() < end, "{database}: some instances never end");
            std::thread::sleep(Duration::from_millis(100));
        }
        assert!(instances(&server, "status=failed").is_empty(), "{:?}", instances(&server, "status=failed"));
        for profile in &acknowledged {
            let told = partner.effects(&format!("POST /tell/{profile}/"));
            let exact = told.values().sum::<usize>();
            assert_eq!(told.len(), 1, "{database}: the effect for {profile} has one key, seen {told:?}");
            assert!(exact <= 2 + usize::try_from(KILLS).unwrap(), "{told:?}");
            let found = instances(&server, &format!("profile={profile}"));
            assert_eq!(found.len(), 1, "{database}: {profile} has one instance");
            audit(&server, found[0]["id"].as_str().unwrap());
        }
        assert!(acknowledged.len() > 100, "{database}: only {} events were acknowledged", acknowledged.len());
    }
}

/// Turns are numbered without gap or repetition, and no step was passed twice.
fn audit(server: &testkit::server::Server, id: &str) {
    let instance = server.admin().get(&format!("/v1/instances/{id}")).unwrap().json();
    let path = instance["path"].as_array().unwrap();
    let turns: Vec<u64> = path.iter().map(|turn| turn["turn"].as_u64().unwrap()).collect();
    assert!(turns.iter().copied().eq(1..=turns.len() as u64), "{turns:?}");
    let mut passed = HashSet::new();
    for happening in path.iter().flat_map(|turn| turn["happenings"].as_array().unwrap()) {
        if happening["what"] == "passed" {
            assert!(passed.insert(happening["step"].to_string()), "{id} passed {} twice", happening["step"]);
        }
    }
}
