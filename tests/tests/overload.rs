//! More than the server can take: it says so, and when to try again, before its memory grows; what it took is done.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use testkit::{Partner, Reply, server::WRITE_KEY};
use tests::{DATABASES, memory, setup_of};

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

#[test]
fn what_cannot_be_taken_is_turned_away_before_memory_grows() {
    for database in DATABASES {
        let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
        let server = setup_of(database, &partner, PROJECT, &[]).start().unwrap();
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
        let peak = memory(&server, "VmHWM") / 1024;
        assert!(peak < 640, "{database}: {peak} MiB at the most");
        let counted = server.admin().get("/v1/journeys").unwrap().json();
        assert_eq!(counted["journeys"][0]["counts"]["waiting"], json!(taken * EVENTS), "{database}");
        // Whoever was turned away is taken now.
        let again = answers.iter().position(|(status, ..)| *status == 503).unwrap();
        assert_eq!(server.writer().json("POST", "/v1/events", &batch(again)).unwrap().status, 202);
        println!("{database}: {taken} of {SENDERS} taken, {peak} MiB at the most");
    }
}

/// More than the server would have room for if each were as large as one may be.
const SLOW: usize = 100;

#[test]
fn who_sends_slowly_takes_only_the_room_of_what_has_come() {
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let server = setup_of("sqlite", &partner, PROJECT, &[]).start().unwrap();
    for length_is_said in [true, false] {
        let body = |n: usize| {
            let id = format!("{length_is_said}-{n}");
            json!({"id": id, "event": "Noted", "profile": "p", "properties": {"text": "x"}}).to_string()
        };
        let begun: Vec<TcpStream> = (0..SLOW)
            .map(|n| {
                let mut stream = TcpStream::connect(server.address).unwrap();
                let (body, chunked) = (body(n), "transfer-encoding: chunked".to_owned());
                let length = if length_is_said { format!("content-length: {}", body.len()) } else { chunked };
                let head = format!(
                    "POST /v1/events HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-type: application/json\r\n\
                     authorization: Bearer {WRITE_KEY}\r\n{length}\r\n\r\n"
                );
                let first = if length_is_said { body[..10].to_owned() } else { format!("a\r\n{}\r\n", &body[..10]) };
                stream.write_all((head + &first).as_bytes()).unwrap();
                stream
            })
            .collect();
        // Others are taken while all of these are under way.
        let other = server.writer().json("POST", "/v1/events", &body(SLOW)).unwrap();
        assert_eq!(other.status, 202, "{}", other.body);
        for (n, mut stream) in begun.into_iter().enumerate() {
            let rest = body(n)[10..].to_owned();
            let rest = if length_is_said { rest } else { format!("{:x}\r\n{rest}\r\n0\r\n\r\n", rest.len()) };
            stream.write_all(rest.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            assert!(
                answer.starts_with("HTTP/1.1 202"),
                "request {n}, length said: {length_is_said}: {answer}"
            );
        }
    }
}
