//! Requests that can be read in two ways, bodies that are packed, and addresses where nothing is: each gets one clear answer, and
//! nobody takes it for consent.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use testkit::{
    Partner, Reply,
    server::{Server, WRITE_KEY},
};
use tests::{instances, memory, setup};

const BODY: &str =
    r#"[{"id":"e1","event":"Reward Requested","profile":"odd","properties":{"requestId":"r1"}}]"#;
/// What somebody would smuggle past whoever stands before the server.
const SMUGGLED: &str = "GET /health/live HTTP/1.1\r\nhost: a\r\n\r\n";

/// The head of a request that sends events, but for how long its body is.
fn head() -> String {
    format!(
        "POST /v1/events HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {WRITE_KEY}\r\n\
         content-type: application/json\r\n"
    )
}

/// The statuses of the answers to what is sent at once, all that was said, and whether the connection was closed then.
fn told(server: &Server, bytes: &[u8]) -> (Vec<String>, String, bool) {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    stream.write_all(bytes).unwrap();
    let (mut said, mut piece) = (Vec::new(), [0; 4096]);
    let closed = loop {
        match stream.read(&mut piece) {
            Ok(0) => break true,
            Ok(length) => said.extend_from_slice(&piece[..length]),
            Err(_) => break false,
        }
    };
    let said = String::from_utf8_lossy(&said).into_owned();
    let statuses = said.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].to_owned()).collect();
    (statuses, said, closed)
}

#[test]
fn a_length_that_can_be_read_in_two_ways_ends_the_connection() {
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let server = setup("sqlite", &partner).start().unwrap();
    let (length, chunk) = (BODY.len(), format!("{:x}\r\n{BODY}\r\n0\r\n\r\n", BODY.len()));
    let refused = [
        ("two lengths", format!("content-length: {length}\r\ncontent-length: 3\r\n\r\n{BODY}")),
        ("a list of lengths", format!("content-length: {length}, {length}\r\n\r\n{BODY}")),
        ("a sign", format!("content-length: +{length}\r\n\r\n{BODY}")),
        ("less than nothing", format!("content-length: -1\r\n\r\n{BODY}")),
        ("not chunked at last", format!("transfer-encoding: chunked, identity\r\n\r\n{chunk}")),
        ("almost chunked", format!("transfer-encoding: xchunked\r\n\r\n{chunk}")),
        ("a space before the colon", format!("transfer-encoding : chunked\r\n\r\n{chunk}")),
        (
            "a chunk of more than there is",
            format!("transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\n{BODY}"),
        ),
        (
            "lines that end with half",
            format!("transfer-encoding: chunked\r\n\r\n{}", chunk.replace('\r', "")),
        ),
        ("a folded header", format!("x: a\r\n b\r\ncontent-length: {length}\r\n\r\n{BODY}")),
        ("NUL in a header", format!("x: a\0b\r\ncontent-length: {length}\r\n\r\n{BODY}")),
        ("half a line's end in a header", format!("x: a\rb\r\ncontent-length: {length}\r\n\r\n{BODY}")),
    ];
    for (what, rest) in refused {
        let (statuses, said, closed) = told(&server, format!("{}{rest}{SMUGGLED}", head()).as_bytes());
        assert_eq!(statuses, ["400"], "{what}: {said}");
        assert!(closed, "{what}: the connection is still open");
    }
    assert_eq!(instances(&server, ""), [0; 0], "nothing was taken");

    // RFC 9112, section 6.1: what is chunked is so whatever length it says, and nothing that follows is a request.
    for (number, lengths) in [
        "content-length: 2\r\ntransfer-encoding: chunked",
        "transfer-encoding: chunked\r\ncontent-length: 900",
    ]
    .into_iter()
    .enumerate()
    {
        let (statuses, said, closed) =
            told(&server, format!("{}{lengths}\r\n\r\n{chunk}{SMUGGLED}", head()).as_bytes());
        assert_eq!(statuses, ["202"], "{lengths}: {said}");
        assert!(closed, "{lengths}: the connection is still open");
        let (accepted, known) = if number == 0 { (1, 0) } else { (0, 1) };
        assert!(said.contains(&format!(r#"{{"accepted":{accepted},"duplicates":{known}}}"#)), "{said}");
    }
    // What can be read in one way only may be followed by another.
    let (statuses, said, _) =
        told(&server, format!("{}content-length: {length}\r\n\r\n{BODY}{SMUGGLED}", head()).as_bytes());
    assert_eq!(statuses, ["202", "200"], "{said}");
}

#[test]
fn a_packed_body_is_refused_and_never_unpacked() {
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let server = setup("sqlite", &partner).start().unwrap();
    let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
    packer.write_all(b"[").unwrap();
    let blank = vec![b' '; 1 << 20];
    (0..200).for_each(|_| packer.write_all(&blank).unwrap());
    let bomb = packer.finish().unwrap();
    let (before, began) = (memory(&server, "VmHWM"), Instant::now());
    for (status, packing) in [
        ("415", "content-encoding: gzip"),
        ("415", "content-encoding: identity\r\ncontent-encoding: br"),
        ("501", "transfer-encoding: gzip, chunked"),
    ] {
        let length = match packing.starts_with("transfer") {
            true => format!("{packing}\r\n\r\n{:x}\r\n", bomb.len()),
            false => format!("{packing}\r\ncontent-length: {}\r\n\r\n", bomb.len()),
        };
        let mut bytes = format!("{}{length}", head()).into_bytes();
        bytes.extend_from_slice(&bomb);
        bytes.extend_from_slice(if packing.starts_with("transfer") { b"\r\n0\r\n\r\n" } else { b"" });
        let (statuses, said, _) = told(&server, &bytes);
        assert_eq!(statuses, [status], "{packing}: {said}");
        assert!(
            said.contains("application/problem+json") && said.contains("send it as it is"),
            "{packing}: {said}"
        );
    }
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    let grown = memory(&server, "VmHWM").saturating_sub(before);
    assert!(grown < 32 * 1024, "the process grew by {grown} KiB");
    let plain =
        format!("{}content-encoding: Identity\r\ncontent-length: {}\r\n\r\n{BODY}", head(), BODY.len());
    assert_eq!(told(&server, plain.as_bytes()).0, ["202"]);
}

#[test]
fn a_key_is_known_however_its_scheme_is_written() {
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let server = setup("sqlite", &partner).start().unwrap();
    for (status, said) in [
        ("202", format!("Bearer {WRITE_KEY}")),
        ("202", format!("bearer  {WRITE_KEY}")),
        ("401", format!("Basic {WRITE_KEY}")),
        ("401", WRITE_KEY.to_owned()),
        ("401", "Bearer".to_owned()),
        ("401", "Bearer ".to_owned()),
    ] {
        let request = format!(
            "POST /v1/events HTTP/1.1\r\nhost: a\r\nauthorization: {said}\r\ncontent-type: application/json\r\n\
             connection: close\r\ncontent-length: 2\r\n\r\n[]"
        );
        assert_eq!(told(&server, request.as_bytes()).0, [status], "{said}");
    }
}

#[test]
fn where_nothing_is_nobody_is_told_that_all_is_well() {
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let server = setup("sqlite", &partner).start().unwrap();
    let answer = |method: &str, path: &str, more: &str| {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{more}content-length: 2\r\n\r\n[]"
        );
        let (statuses, said, _) = told(&server, request.as_bytes());
        assert_eq!(statuses.len(), 1, "{method} {path}: {said}");
        (statuses[0].clone(), said)
    };
    let key = format!("authorization: Bearer {WRITE_KEY}\r\n");
    let browser = "accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";
    for (method, path) in [
        ("POST", "/events"),
        ("POST", "/"),
        ("POST", "/index.html"),
        ("PUT", "/profiles/p1"),
        ("POST", "/V1/events"),
        ("POST", "//v1/events"),
        ("POST", "/v1/event"),
        ("DELETE", "/instances"),
        ("TRACE", "/"),
        ("CONNECT", "127.0.0.1:22"),
        ("GET", "/healthz"),
        ("GET", "/health"),
        ("GET", "/nothing.js"),
    ] {
        let (status, said) = answer(method, path, &key);
        assert_eq!(status, "404", "{method} {path}: {said}");
        assert!(said.contains("application/problem+json"), "{method} {path}: {said}");
        assert!(
            method != "POST" || answer(method, path, browser).0 == "404",
            "{method} {path}, from a browser"
        );
    }
    // A browser that was given an address of the dashboard gets its page, and anybody the page at the root.
    for (path, more) in [("/", ""), ("/instances", browser), ("/people/p1", browser)] {
        let (status, said) = answer("GET", path, more);
        assert_eq!(status, "200", "{path}: {said}");
        assert!(said.contains("<!doctype html>"), "{path}: {said}");
    }
}
