//! More than the server can take: it says so, and when to try again, before its memory grows; what it took is done.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use testkit::{Partner, Reply, server::Server};
use tests::{DATABASES, setup};

const SENDERS: usize = 40;
const EVENTS: usize = 1_500;
/// 1,500 of these are a body of about 6 MiB; forty of those at once are far more than the server sets aside.
const LARGE: usize = 4_000;

const PROJECT: &str = r#"
profile { customerId: string key }
event noted "Noted" { text: string }
journey noting { enter on noted  re-enter always  wait 1 hour }
"#;

fn batch(sender: usize) -> String {
    let text = "x".repeat(LARGE);
    let event = |n: usize| json!({"id": format!("e{n}"), "event": "Noted", "profile": format!("p{sender}-{n}"), "properties": {"text": text}});
    Value::Array((0..EVENTS).map(event).collect()).to_string()
}

fn peak_mib(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().unwrap() / 1024
}

#[test]
fn what_cannot_be_taken_is_turned_away_before_memory_grows() {
    for database in DATABASES {
        let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
        let mut setup = setup(database, &partner);
        setup.journeys = setup.folder.join("overload.journey");
        setup.connections = Vec::new();
        fs::write(&setup.journeys, PROJECT).unwrap();
        let server = setup.start().unwrap();
        let answers: Vec<(u16, bool, Duration)> = thread::scope(|scope| {
            let sending = (0..SENDERS).map(|sender| {
                let server = &server;
                scope.spawn(move || {
                    let (body, begin) = (batch(sender), Instant::now());
                    let answer = server.writer().json("POST", "/v1/events", &body).unwrap();
                    (answer.status, answer.header("retry-after").is_some(), begin.elapsed())
                })
            });
            let sending: Vec<_> = sending.collect();
            sending.into_iter().map(|sender| sender.join().unwrap()).collect()
        });
        let taken = answers.iter().filter(|(status, ..)| *status == 202).count();
        let turned_away = answers.iter().filter(|(status, hint, _)| *status == 503 && *hint).count();
        assert_eq!(taken + turned_away, SENDERS, "{database}: {answers:?}");
        assert!(taken > 0 && turned_away > 0, "{database}: {taken} taken, {turned_away} turned away");
        let peak = peak_mib(&server);
        assert!(peak < 600, "{database}: {peak} MiB at the most");
        let counted = server.admin().get("/v1/journeys").unwrap().json();
        assert_eq!(counted["journeys"][0]["counts"]["waiting"], json!(taken * EVENTS), "{database}");
        // Whoever was turned away is taken now.
        let again = answers.iter().position(|(status, ..)| *status == 503).unwrap();
        assert_eq!(server.writer().json("POST", "/v1/events", &batch(again)).unwrap().status, 202);
        println!("{database}: {taken} of {SENDERS} taken, {peak} MiB at the most");
    }
}
