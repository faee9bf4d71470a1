//! Clients that dawdle lose their connections; the others do not notice.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    io::{ErrorKind, Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use serde_json::json;
use testkit::{Partner, Reply};
use tests::{send, setup};

/// How long a client may dawdle, and how long the test waits before it gives up on the server.
const PATIENCE: Duration = Duration::from_secs(40);

#[test]
fn who_dawdles_is_hung_up_on_and_others_are_served() {
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let server = setup("sqlite", &partner).start().unwrap();
    let key = "content-type: application/json\r\nauthorization: Bearer x";
    let openings = [
        String::new(),
        "POST /v1/events HTTP/1.1\r\nhost: a\r\nx-half: ".to_owned(),
        format!("POST /v1/events HTTP/1.1\r\nhost: a\r\n{key}\r\ncontent-length: 10\r\n\r\n[]"),
    ];
    let mut slow: Vec<TcpStream> = Vec::new();
    for number in 0..150 {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.write_all(openings[number % openings.len()].as_bytes()).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
        slow.push(stream);
    }
    let began = Instant::now();
    let (mut http, mut number) = (server.writer(), 0);
    while !slow.is_empty() {
        assert!(began.elapsed() < PATIENCE, "{} connections are still open", slow.len());
        number += 1;
        let asked = Instant::now();
        send(&mut http, &number.to_string(), "Reward Requested", "c1", &json!({"requestId": "r1"}));
        assert!(asked.elapsed() < Duration::from_secs(2), "took {:?}", asked.elapsed());
        slow.retain_mut(|stream| {
            let mut answer = [0; 1024];
            match stream.read(&mut answer) {
                Ok(0) => false,
                // An answer (408, 401) comes before the end.
                Ok(_) => true,
                Err(error) => matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
            }
        });
        std::thread::sleep(Duration::from_millis(100));
    }
}
