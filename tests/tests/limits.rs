//! Limits of journeys, through the program on both databases: exactly so many people come through, whoever sends for them
//! at once and whatever happens to the process meanwhile.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    thread,
    time::{Duration, Instant},
};

use serde_json::json;
use testkit::server::Server;
use tests::{DATABASES, begin, instances};

const PEOPLE: usize = 120;
const MOST: usize = 50;
const JOURNEY: &str = r#"
event visited "Visited" { id: string }

action voucher(to: string) { POST slack "/vouchers" json { "to": "{{ to }}" } }

journey vouchers {
  enter on visited
  re-enter always
  limit "vouchers" to 50 people {
    call voucher(profile.customerId)
  } else {
    exit "all gone"
  }
}
"#;

#[test]
fn exactly_so_many_people_come_through() {
    for database in DATABASES {
        let (partner, setup, server) = begin(database, JOURNEY);
        // Half of them, from four sides at once; then the process dies, and everybody is sent for again.
        all_at_once(&server, PEOPLE / 2);
        server.kill().unwrap();
        let server = setup.start().unwrap();
        all_at_once(&server, PEOPLE);
        ended(&server, PEOPLE);

        let vouchers = partner.effects("POST /vouchers");
        assert_eq!(vouchers.len(), MOST, "{database}: one call for each who came through");
        let mut people: Vec<String> =
            partner.seen_at("POST /vouchers").iter().map(|request| request.body.clone()).collect();
        people.sort();
        people.dedup();
        assert_eq!(people.len(), MOST, "{database}: nobody twice");
        let gone = server.admin().get("/v1/instances?journey=vouchers&status=exited&limit=200").unwrap();
        assert_eq!(gone.json()["instances"].as_array().unwrap().len(), PEOPLE - MOST, "{database}");
    }
}

/// Lets people visit who are not inside yet, from four threads.
fn all_at_once(server: &Server, people: usize) {
    thread::scope(|scope| {
        for side in 0..4 {
            let mut client = server.writer();
            scope.spawn(move || {
                for number in (side..people).step_by(4) {
                    let visit = json!({
                        "id": format!("v{number}"), "event": "Visited", "profile": format!("p{number}"),
                        "properties": {"id": "a"},
                    });
                    let person = json!({
                        "userId": "u", "phoneNumber": "+49301234567", "firstName": "Ada", "email": "a@example.com",
                    });
                    let path = format!("/v1/profiles/p{number}");
                    assert_eq!(client.json("PUT", &path, &person.to_string()).unwrap().status, 200);
                    let answer = client.json("POST", "/v1/events", &visit.to_string()).unwrap();
                    assert!(matches!(answer.status, 200 | 202), "{}", answer.body);
                }
            });
        }
    });
}

/// Waits until so many journeys have ended.
fn ended(server: &Server, wanted: usize) {
    let begin = Instant::now();
    let count = || {
        let mut over = 0;
        for status in ["completed", "exited"] {
            over += instances(server, &format!("journey=vouchers&status={status}&limit=200")).len();
        }
        over
    };
    while count() < wanted {
        assert!(begin.elapsed() < Duration::from_secs(30), "{} of {wanted} journeys have ended", count());
        thread::sleep(Duration::from_millis(50));
    }
}
