//! What goes out, where it may go, and how long and how large an answer may be.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::{Duration, Instant},
};

use connect::{Environment, Missing, Override, Partners};
use graph::{Auth, ClientProof, Connection, ErrorKind, OAuth2, Request, Setting};
use testkit::{Partner, Reply};
use uuid::Uuid;

fn connection(url: &str, auth: Auth, private: &[&str]) -> Arc<Connection> {
    Arc::new(Connection {
        name: "shop".into(),
        url: Setting::Text(url.into()),
        auth,
        sign: None,
        mail: None,
        tls: None,
        timeout_each: 1_000_000,
        timeout_total: 5_000_000,
        retry: Connection::RETRY,
        pressure: graph::Pressure::default(),
        private: private.iter().map(|host| (*host).into()).collect(),
        doc: None,
    })
}

fn partners(connection: Arc<Connection>) -> Partners {
    connect::install_crypto();
    let environment = Environment::of(|name: &str| (name == "KEY").then(|| "canary".to_owned()));
    Partners::new([connection], BTreeMap::new(), environment).unwrap()
}

fn get(path: &str) -> Request {
    Request {
        connection: "shop".into(),
        method: "GET".into(),
        path: path.into(),
        headers: Vec::new(),
        body: None,
        text: None,
    }
}

async fn outcome(partners: &Partners, request: &Request) -> Result<graph::Answer, graph::CallError> {
    partners.attempt(request, Uuid::nil(), None).await.outcome
}

/// Answers every connection with these bytes, then keeps it open.
fn raw(answer: Vec<u8>, pause: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || {
                let _ = stream.read(&mut [0; 4096]);
                for piece in answer.chunks(if pause.is_zero() { 65_536 } else { 1 }) {
                    if stream.write_all(piece).is_err() {
                        return;
                    }
                    std::thread::sleep(pause);
                }
                std::thread::sleep(Duration::from_secs(5));
            });
        }
    });
    address
}

#[tokio::test]
async fn no_spelling_of_a_private_address_is_dialled() {
    let canary = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let port = canary.address.port();
    let hosts = [
        "127.0.0.1",
        "2130706433",
        "0x7f.1",
        "0x7f000001",
        "127.1",
        "0177.0.0.1",
        "127.0.0.1.",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "127。0。0。1",
        "①②⑦.0.0.1",
        "0.0.0.0",
        "0",
        "[::]",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "127.0.0.53",
        "%31%32%37.0.0.1",
    ];
    for host in hosts {
        let partners = partners(connection(&format!("http://{host}:{port}"), Auth::None, &[]));
        let error = outcome(&partners, &get("/")).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Refused, "{host}: {error:?}");
    }
    for metadata in ["169.254.169.254", "[fd00:ec2::254]"] {
        let allowed = connection(
            &format!("http://{metadata}:{port}"),
            Auth::None,
            &[metadata.trim_matches(['[', ']'])],
        );
        let error = outcome(&partners(allowed), &get("/")).await.unwrap_err();
        assert!(error.reason.contains("never allowed"), "{error:?}");
    }
    assert!(canary.seen().is_empty(), "{:?}", canary.seen());
}

#[tokio::test]
async fn a_host_that_is_named_may_be_private_and_no_other() {
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let url = format!("http://{}", partner.address);
    assert_eq!(
        outcome(&partners(connection(&url, Auth::None, &["127.0.0.1"])), &get("/a")).await.unwrap().status,
        200
    );
    let error =
        outcome(&partners(connection(&url, Auth::None, &["127.0.0.2"])), &get("/a")).await.unwrap_err();
    assert_eq!(
        error.reason,
        "`127.0.0.1` leads to a loopback address; name it under `private` in the connection if that is meant"
    );
    let here = Override { url: Some(url), private: vec!["127.0.0.1".into()], ..Override::default() };
    let overrides = BTreeMap::from([("shop".to_owned(), here)]);
    let elsewhere = connection("https://shop.example.com", Auth::None, &[]);
    let partners = Partners::new([elsewhere], overrides, Environment::of(|_| None)).unwrap();
    assert_eq!(outcome(&partners, &get("/b")).await.unwrap().status, 200);
}

#[tokio::test]
async fn no_value_leaves_its_place_in_the_path_and_no_redirect_is_followed() {
    let canary = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let location =
        format!("HTTP/1.1 307 X\r\nlocation: http://{}/\r\ncontent-length: 0\r\n\r\n", canary.address);
    let url = format!("http://{}/base", raw(location.into_bytes(), Duration::ZERO));
    let partners = partners(connection(&url, Auth::None, &["127.0.0.1"]));
    assert_eq!(outcome(&partners, &get("/ok")).await.unwrap().status, 307);
    for path in [
        "/../admin",
        "/a/../../b",
        "/%2e%2e/b",
        "/a/./b",
        "a",
        "@evil.example.com/",
        "/a\\..\\b",
        "/a#b",
        "/a\nb",
    ] {
        let error = outcome(&partners, &get(path)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid, "{path}");
    }
    let mut injected = get("/a");
    injected.headers.push(("x-note".into(), "a\r\nx-evil: 1".into()));
    assert_eq!(outcome(&partners, &injected).await.unwrap_err().kind, ErrorKind::Invalid);
    assert!(canary.seen().is_empty());
}

#[tokio::test]
async fn an_attempt_ends_in_time_whatever_the_partner_does() {
    let head = b"HTTP/1.1 200 X\r\ncontent-length: 50\r\n\r\n".to_vec();
    let slow: Vec<u8> = head.iter().copied().chain(std::iter::repeat_n(b'x', 50)).collect();
    let cases = [
        ("hangs", raw(Vec::new(), Duration::ZERO)),
        ("drips", raw(slow, Duration::from_millis(100))),
        ("never ends its headers", raw(b"HTTP/1.1 200 X\r\nx-a: ".repeat(3), Duration::from_millis(60))),
        ("stops in its body", raw(head, Duration::ZERO)),
    ];
    for (what, address) in cases {
        let partners = partners(connection(&format!("http://{address}"), Auth::None, &["127.0.0.1"]));
        let start = Instant::now();
        let error = outcome(&partners, &get("/")).await.unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(2), "{what}: {:?}", start.elapsed());
        assert!(matches!(error.kind, ErrorKind::Timeout | ErrorKind::Refused), "{what}: {error:?}");
    }
}

#[tokio::test]
async fn an_answer_that_is_too_large_or_no_text_is_refused() {
    let large = format!("HTTP/1.1 200 X\r\ncontent-length: {}\r\n\r\n{}", 2 << 20, "x".repeat(2 << 20));
    let strange = b"HTTP/1.1 200 X\r\ncontent-length: 2\r\n\r\n\xff\xfe".to_vec();
    // 200 MiB of nothing in 200 KB: what counts is what it becomes.
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    (0..200).for_each(|_| packer.write_all(&vec![b' '; 1 << 20]).unwrap());
    let packed = packer.finish().unwrap();
    let head_of = |length: usize| {
        format!("HTTP/1.1 200 X\r\ncontent-encoding: gzip\r\ncontent-length: {length}\r\n\r\n")
    };
    let gzip = |body: Vec<u8>| [head_of(body.len()).into_bytes(), body].concat();
    let bomb = gzip(packed.clone());
    // Two MiB that become nothing: what counts is what comes too.
    let nothing = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best()).finish().unwrap();
    let idle = gzip(nothing.repeat((2 << 20) / nothing.len()));
    let cut = gzip(packed[..1_000].to_vec());
    let fake = gzip(b"canary canary canary".to_vec());
    for (answer, reason) in [
        (large.into_bytes(), "larger than 1 MiB"),
        (bomb, "larger than 1 MiB"),
        (idle, "larger than 1 MiB"),
        (cut, "no whole gzip"),
        (fake, "no whole gzip"),
        (strange, "not UTF-8"),
    ] {
        let address = raw(answer, Duration::ZERO);
        // Unpacking takes its time in a program that is not optimised.
        let usual = connection(&format!("http://{address}"), Auth::None, &["127.0.0.1"]);
        let partners = partners(Arc::new(Connection { timeout_each: 20_000_000, ..(*usual).clone() }));
        let error = outcome(&partners, &get("/")).await.unwrap_err();
        assert_eq!((error.kind, error.status), (ErrorKind::Invalid, Some(200)));
        assert!(error.reason.contains(reason), "{}", error.reason);
    }
}

#[tokio::test]
async fn the_headers_of_an_answer_are_kept_within_bounds() {
    let answer = |headers: &str| format!("HTTP/1.1 204 X\r\n{headers}\r\n").into_bytes();
    let of = |headers: &str| {
        let url = format!("http://{}", raw(answer(headers), Duration::ZERO));
        partners(connection(&url, Auth::None, &["127.0.0.1"]))
    };
    let kept =
        outcome(&of("X-Rate: 7\r\nset-cookie: a\r\nSet-Cookie: b\r\nx-odd: \u{e9}\r\n"), &get("/")).await;
    let kept: Vec<(String, String)> =
        kept.unwrap().headers.into_iter().map(|(name, text)| (name.to_string(), text)).collect();
    let text = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(kept, [text("x-rate", "7"), text("set-cookie", "a, b")]);
    let long = format!("x-long: {}\r\n", "x".repeat(65 << 10));
    let error = outcome(&of(&long), &get("/")).await.unwrap_err();
    assert_eq!(
        (error.kind, &*error.reason),
        (ErrorKind::Invalid, "the headers of the answer are larger than 64 KiB")
    );
    // What was secret in the request is none of the headers' business.
    let echo = raw(answer("x-echo: Bearer canary-canary\r\n"), Duration::ZERO);
    let auth = Auth::Bearer(Setting::Secret("KEY".into()));
    let environment = Environment::of(|_| Some("canary-canary".to_owned()));
    let echoing = connection(&format!("http://{echo}"), auth, &["127.0.0.1"]);
    let echoing = Partners::new([echoing], BTreeMap::new(), environment).unwrap();
    let said = outcome(&echoing, &get("/")).await.unwrap();
    assert_eq!(said.headers, [("x-echo".into(), "Bearer ••••".to_owned())]);
    // What the client itself refuses is no answer at all.
    let many: String = (0..100_000).map(|number| format!("x-{number}: a\r\n")).collect();
    assert_eq!(outcome(&of(&many), &get("/")).await.unwrap_err().kind, ErrorKind::Refused);
}

#[tokio::test]
async fn a_token_servers_answer_is_bounded_too() {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    (0..8).for_each(|_| packer.write_all(&vec![b' '; 1 << 20]).unwrap());
    let bomb = packer.finish().unwrap();
    let head = format!("HTTP/1.1 200 X\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", bomb.len());
    let answer = [head.into_bytes(), bomb].concat();
    let slow = b"HTTP/1.1 200 X\r\ncontent-length: 50\r\n\r\n{\"access_token\":".to_vec();
    for (address, kind, reason) in [
        (raw(answer, Duration::ZERO), ErrorKind::Auth, "the token server: the answer is larger than 64 KiB"),
        (raw(slow, Duration::ZERO), ErrorKind::Timeout, "no whole answer within 1 second"),
    ] {
        let way = OAuth2 {
            token_url: Setting::Text(format!("http://{address}/token").into()),
            client_id: Setting::Text("wayfare".into()),
            proof: ClientProof::Body(Setting::Secret("KEY".into())),
            scope: None,
            audience: None,
            refresh_token: None,
        };
        let auth = Auth::OAuth2(Box::new(way));
        let partners = partners(connection("http://127.0.0.1:9", auth, &["127.0.0.1"]));
        let error = outcome(&partners, &get("/")).await.unwrap_err();
        assert_eq!((error.kind, error.reason.as_str()), (kind, reason));
    }
}

#[tokio::test]
async fn an_answer_may_be_packed() {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all("{\"é\": 1}".as_bytes()).unwrap();
    let packed = packer.finish().unwrap();
    let two = packed.repeat(2);
    for (encoding, body, text) in [
        ("gzip", packed.as_slice(), "{\"é\": 1}"),
        ("GZIP", &two, "{\"é\": 1}{\"é\": 1}"),
        ("gzip", b"", ""),
        ("identity", b"plain", "plain"),
    ] {
        let head = format!(
            "HTTP/1.1 200 X\r\ncontent-encoding: {encoding}\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let address = raw([head.as_bytes(), body].concat(), Duration::ZERO);
        let partners = partners(connection(&format!("http://{address}"), Auth::None, &["127.0.0.1"]));
        assert_eq!(outcome(&partners, &get("/")).await.unwrap().body, text);
    }
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let partners = partners(connection(&format!("http://{}", partner.address), Auth::None, &["127.0.0.1"]));
    outcome(&partners, &get("/")).await.unwrap();
    assert_eq!(partner.seen()[0].header("accept-encoding"), Some("gzip"));
}

#[tokio::test]
async fn credentials_are_sent_as_declared_and_shown_to_nobody() {
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let url = format!("http://{}", partner.address);
    let secret = || Setting::Secret("KEY".into());
    let cases = [
        (Auth::Bearer(secret()), "/a", Some(("authorization", "Bearer canary"))),
        (
            Auth::Basic { user: Setting::Text("ada".into()), password: secret() },
            "/a",
            Some(("authorization", "Basic YWRhOmNhbmFyeQ==")),
        ),
        (Auth::HeaderKey { header: "X-Key".into(), key: secret() }, "/a", Some(("x-key", "canary"))),
        (Auth::QueryKey { parameter: "key".into(), key: secret() }, "/a?b=c&key=canary", None),
    ];
    for (number, (auth, line, header)) in cases.into_iter().enumerate() {
        let partners = partners(connection(&url, auth, &["127.0.0.1"]));
        let path = if line.contains('?') { "/a?b=c" } else { "/a" };
        outcome(&partners, &get(path)).await.unwrap();
        let seen = &partner.seen()[number];
        assert_eq!(seen.line, format!("GET {line}"));
        if let Some((name, value)) = header {
            assert_eq!(seen.header(name), Some(value));
        }
        assert_eq!(seen.header("idempotency-key"), Some("00000000-0000-0000-0000-000000000000"));
        let preview = partners.preview(&get(path), Uuid::nil()).await;
        assert!(preview.contains("••••") && !preview.contains("canary"), "{preview}");
        assert!(!format!("{partners:?}").contains("canary"));
    }
    let unset = connection(&url, Auth::Bearer(Setting::Secret("UNSET".into())), &["127.0.0.1"]);
    let partners = partners(unset);
    let error = outcome(&partners, &get("/")).await.unwrap_err();
    assert_eq!(
        (error.kind, error.reason.as_str()),
        (ErrorKind::Auth, "the environment variable UNSET is not set")
    );
    let missing = Missing { connection: "shop".into(), name: "UNSET".into(), reason: error.reason };
    assert_eq!(partners.missing().await, [missing]);
}

#[tokio::test]
async fn a_url_may_be_a_secret_or_hold_some() {
    connect::install_crypto();
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let host = format!("http://{}", partner.address);
    let of = |url: Setting, value: &str| {
        let connection = Connection { url, ..(*connection("", Auth::None, &["127.0.0.1"])).clone() };
        let value = value.to_owned();
        let environment = Environment::of(move |name: &str| (name == "KEY").then(|| value.clone()));
        Partners::new([Arc::new(connection)], BTreeMap::new(), environment).unwrap()
    };
    let secret = || Setting::Secret("KEY".into());
    let hook = format!("{host}/hooks/canary?sig=a%2Fb");
    let joined = || Setting::Joined(vec![Setting::Text(format!("{host}/a/").into()), secret()]);
    for (url, value, path, line) in [
        (secret(), hook.as_str(), "", "GET /hooks/canary?sig=a%2Fb"),
        (secret(), &hook, "?wait=true", "GET /hooks/canary?sig=a%2Fb&wait=true"),
        (secret(), &format!("{host}/hooks/canary/"), "", "GET /hooks/canary/"),
        (secret(), &host, "", "GET /"),
        (joined(), "canary", "/m.json", "GET /a/canary/m.json"),
        (joined(), "canary:x", "", "GET /a/canary:x"),
    ] {
        let partners = of(url, value);
        outcome(&partners, &get(path)).await.unwrap();
        assert_eq!(partner.seen().last().unwrap().line, line);
        let preview = partners.preview(&get(path), Uuid::nil()).await;
        assert!(preview.contains("••••") && !preview.contains("canary"), "{preview}");
    }
    for value in ["", ".", "..", "a/b", "a?b", "a#b", "a b", "a%2fb", "a\\b"] {
        let error = outcome(&of(joined(), value), &get("/x")).await.unwrap_err();
        assert_eq!(error.reason, "the environment variable KEY is no part of a URL's path", "{value}");
    }
    assert_eq!(outcome(&of(secret(), &hook), &get("x")).await.unwrap_err().kind, ErrorKind::Invalid);
}
