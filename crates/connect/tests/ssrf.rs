//! Every spelling of an address that nobody may dial, in every place where a URL comes from: no connection is made.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    collections::BTreeMap,
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use connect::{Environment, Override, Partners};
use graph::{
    Auth, CallError, ClientProof, Connection, ErrorKind, OAuth2, Request, Setting, TokenCall,
    auth::{Found, Sent, TokenBody},
};
use testkit::{Partner, Reply};
use uuid::Uuid;

/// Whoever is dialled here has broken the rule.
struct Canary {
    port: u16,
    dialled: Arc<AtomicUsize>,
}

impl Canary {
    /// Listens on the loopback addresses of both kinds.
    fn start() -> Canary {
        let dialled = Arc::new(AtomicUsize::new(0));
        let first = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = first.local_addr().unwrap().port();
        // Where the system has no IPv6 nobody can be dialled there either.
        for listener in [Some(first), TcpListener::bind(("::1", port)).ok()].into_iter().flatten() {
            let dialled = dialled.clone();
            std::thread::spawn(move || {
                for _ in listener.incoming() {
                    dialled.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        Canary { port, dialled }
    }

    #[track_caller]
    fn is_silent(&self) {
        // A connection that is under way is accepted by now.
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(self.dialled.load(Ordering::SeqCst), 0);
    }
}

/// Hosts that lead to this machine, its networks, or what gives cloud credentials, as people have spelt them.
const HOSTS: [&str; 58] = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "0x7f.1",
    "0x7f000001",
    "0x7F.0x00.0x00.0x01",
    "0177.0.0.1",
    "0177.0.0.01",
    "017700000001",
    "127.0.0.1.",
    "127.255.255.254",
    "127.0.0.53",
    "%31%32%37.0.0.1",
    "127%2e0%2e0%2e1",
    "127。0。0。1",
    "127．0．0．1",
    "１２７.０.０.１",
    "①②⑦.⓪.⓪.①",
    "①②⑦.0.0.1",
    "𝟏𝟐𝟕.𝟎.𝟎.𝟏",
    "0",
    "0.0.0.0",
    "0x0",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000::0001]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[::127.0.0.1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2002:7f00:1::1]",
    "[2001:0:7f00:1::]",
    "[fe80::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fec0::1]",
    "[ff02::1]",
    "[::ffff:169.254.169.254]",
    "[2002:a9fe:a9fe::]",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "100.100.100.200",
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
];

fn connection(url: Setting, auth: Auth, private: &[&str]) -> Connection {
    Connection {
        name: "shop".into(),
        url,
        auth,
        sign: None,
        tls: None,
        timeout_each: 2_000_000,
        timeout_total: 5_000_000,
        mail: None,
        retry: Connection::RETRY,
        pressure: graph::Pressure::default(),
        private: private.iter().map(|host| (*host).into()).collect(),
        doc: None,
    }
}

fn partners(connection: Connection, here: Option<Override>, secret: &str) -> Result<Partners, String> {
    connect::install_crypto();
    let secret = secret.to_owned();
    let environment = Environment::of(move |_| Some(secret.clone()));
    let overrides = here.into_iter().map(|here| ("shop".to_owned(), here)).collect::<BTreeMap<_, _>>();
    Partners::new([Arc::new(connection)], overrides, environment).map_err(|error| error.to_string())
}

async fn call(partners: &Partners, path: &str) -> Result<graph::Answer, CallError> {
    let request = Request {
        connection: "shop".into(),
        method: "GET".into(),
        path: path.into(),
        headers: Vec::new(),
        body: None,
        text: None,
    };
    partners.attempt(&request, Uuid::nil(), None).await.outcome
}

fn text(url: &str) -> Setting {
    Setting::Text(url.into())
}

fn oauth(token_url: Setting) -> Auth {
    Auth::OAuth2(Box::new(OAuth2 {
        token_url,
        client_id: text("wayfare"),
        proof: ClientProof::Body(Setting::Secret("KEY".into())),
        scope: None,
        audience: None,
        refresh_token: None,
    }))
}

fn own_token(url: Setting) -> Auth {
    Auth::Token(Box::new(TokenCall {
        method: "POST".into(),
        url,
        query: Vec::new(),
        headers: Vec::new(),
        body: TokenBody::None,
        token: Found::Field(vec!["token".into()]),
        expires: None,
        send: Sent::Bearer,
    }))
}

/// The places where a URL comes from, each with this one in it. The partner itself may be called.
fn places(url: &str, partner: &str) -> Vec<(&'static str, Result<Partners, String>)> {
    let secret = || Setting::Secret("URL".into());
    let here = |url: Option<&str>, token_url: Option<&str>| {
        let owned = |url: Option<&str>| url.map(str::to_owned);
        Some(Override { url: owned(url), token_url: owned(token_url), private: Vec::new() })
    };
    let good = || text(partner);
    let allowed: &[&str] = &["partner.invalid"];
    vec![
        ("the URL in the file", partners(connection(text(url), Auth::None, allowed), None, "")),
        ("a URL that is a secret", partners(connection(secret(), Auth::None, allowed), None, url)),
        (
            "a URL in the settings",
            partners(connection(good(), Auth::None, allowed), here(Some(url), None), ""),
        ),
        ("an OAuth token URL", partners(connection(good(), oauth(text(url)), allowed), None, "")),
        ("a token URL that is a secret", partners(connection(good(), oauth(secret()), allowed), None, url)),
        (
            "a token URL in the settings",
            partners(connection(good(), oauth(good()), allowed), here(None, Some(url)), ""),
        ),
        ("the URL of a token request", partners(connection(good(), own_token(text(url)), allowed), None, "")),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn no_spelling_in_any_place_is_dialled() {
    let canary = Canary::start();
    let mut refused = 0;
    for host in HOSTS {
        let url = format!("http://{host}:{}", canary.port);
        for (place, made) in places(&url, "http://partner.invalid") {
            let began = Instant::now();
            let reason = match made {
                // What is no URL at all is refused before anything is called.
                Err(reason) => reason,
                Ok(partners) => {
                    let error = call(&partners, "/").await.unwrap_err();
                    assert!(
                        matches!(error.kind, ErrorKind::Refused | ErrorKind::Auth),
                        "{host} as {place}: {error:?}"
                    );
                    error.reason
                }
            };
            // The reason is the rule, not that nobody listens, or that some systems know no such name; and nobody was waited for.
            let known = ["leads to", "its URL is not one", "failed to lookup address"]
                .iter()
                .any(|words| reason.contains(words));
            assert!(known, "{host} as {place}: {reason}");
            assert!(
                began.elapsed() < Duration::from_millis(1_500),
                "{host} as {place}: {:?}",
                began.elapsed()
            );
            refused += 1;
        }
    }
    assert_eq!(refused, HOSTS.len() * 7);
    canary.is_silent();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_trick_with_the_parts_of_a_url_leads_elsewhere() {
    let canary = Canary::start();
    let port = canary.port;
    for url in [
        format!("http://8.8.8.8@127.0.0.1:{port}"),
        format!("http://user:password@127.0.0.1:{port}"),
        format!("http://8.8.8.8#@127.0.0.1:{port}"),
        format!("http://127.0.0.1:{port}#@8.8.8.8"),
        format!("http://127.0.0.1:{port}\\@8.8.8.8"),
        format!("http:127.0.0.1:{port}"),
        format!("http:///127.0.0.1:{port}"),
        format!("http:\\\\127.0.0.1:{port}"),
        format!("ht\ntp://127.0.0.1:{port}"),
        format!(" http://127.0.0.1:{port}"),
        format!("gopher://127.0.0.1:{port}"),
        format!("ftp://127.0.0.1:{port}"),
        "file:///etc/passwd".to_owned(),
        "http://".to_owned(),
    ] {
        for (place, made) in places(&url, "http://partner.invalid") {
            let refused = match made {
                Err(_) => true,
                Ok(partners) => call(&partners, "/").await.is_err(),
            };
            assert!(refused, "{url} as {place}");
        }
    }
    canary.is_silent();
}

#[tokio::test(flavor = "multi_thread")]
async fn no_answer_and_no_value_choose_a_host() {
    let canary = Canary::start();
    let port = canary.port;
    let redirecting = |status: u16| {
        let location = format!("http://127.0.0.1:{port}/");
        redirect(status, &location)
    };
    for status in [301, 302, 303, 307, 308] {
        let url = redirecting(status);
        // An action, a token server, a token request: the host itself is allowed, where it points to is not asked for.
        for (auth, kind) in [
            (Auth::None, None),
            (oauth(text(&url)), Some(ErrorKind::Auth)),
            (own_token(text(&url)), Some(ErrorKind::Auth)),
        ] {
            let partners = partners(connection(text(&url), auth, &["127.0.0.1"]), None, "k").unwrap();
            match (call(&partners, "/").await, kind) {
                (Ok(answer), None) => assert_eq!(answer.status, status),
                (Err(error), Some(kind)) => assert_eq!((error.kind, error.status), (kind, Some(status))),
                (other, _) => assert!(other.is_err() && kind.is_some(), "{status}: {other:?}"),
            }
        }
    }
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let url = format!("http://{}/base", partner.address);
    let partners = partners(connection(text(&url), Auth::None, &["127.0.0.1"]), None, "").unwrap();
    for path in [
        format!("@127.0.0.1:{port}/"),
        format!(":{port}/"),
        format!(".127.0.0.1:{port}/"),
        format!("//127.0.0.1:{port}/"),
        format!("/\\127.0.0.1:{port}/"),
        format!("\\\\127.0.0.1:{port}/"),
        format!("/../..//127.0.0.1:{port}/"),
        format!("/.//127.0.0.1:{port}/"),
        format!("http://127.0.0.1:{port}/"),
        format!("/%2f%2f127.0.0.1:{port}/"),
        format!("/\t/127.0.0.1:{port}/"),
        format!("?@127.0.0.1:{port}/"),
        format!("#@127.0.0.1:{port}/"),
    ] {
        // Either it is refused, or it went to the partner, below the folder of the connection.
        match call(&partners, &path).await {
            Err(error) => assert_eq!(error.kind, ErrorKind::Invalid, "{path}"),
            Ok(_) => {
                let line = partner.seen().last().unwrap().line.clone();
                assert!(line.starts_with("GET /base"), "{path}: {line}");
            }
        }
    }
    canary.is_silent();
}

/// A server that answers everything with a redirect.
fn redirect(status: u16, location: &str) -> String {
    use std::io::{Read, Write};
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = format!(
        "HTTP/1.1 {status} X\r\nlocation: {location}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    url
}
