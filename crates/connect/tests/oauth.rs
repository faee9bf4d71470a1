//! Tokens of an OAuth 2.0 server: one serves all calls, it is renewed in time, and neither server is stormed.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod peer;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use connect::{Environment, Partners};
use graph::{Auth, ClientProof, Connection, ErrorKind, OAuth2, Setting};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use peer::{Login, get, partners, secret, storm};
use testkit::Recorded;

fn form(request: &Recorded) -> HashMap<String, String> {
    url::form_urlencoded::parse(request.body.as_bytes()).into_owned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_token_serves_a_thousand_calls() {
    let login = Login::start();
    login.state().delay = Duration::from_millis(200);
    let scope = Some(Setting::Text("vip:read vip:write".into()));
    let audience = Some(Setting::Text("https://api.example.com".into()));
    let partners = login.partners(OAuth2 { scope, audience, ..login.oauth() });
    assert_eq!(storm(&partners, 1_000).await, BTreeMap::from([("200".to_owned(), 1_000)]));
    let asked = login.asked();
    assert_eq!(asked.len(), 1);
    assert_eq!(
        asked[0].body,
        "grant_type=client_credentials&scope=vip%3Aread+vip%3Awrite&audience=https%3A%2F%2Fapi.example.com"
    );
    // Both halves are encoded as in a form before they are joined (RFC 6749, section 2.3.1).
    let pair = format!("Basic {}", STANDARD.encode("wayfare%3A1:canary+password"));
    assert_eq!(asked[0].header("authorization"), Some(pair.as_str()));
    assert_eq!(asked[0].header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(asked[0].header("accept"), Some("application/json"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_renewed_while_calls_go_on_and_none_waits_for_it() {
    let login = Login::start();
    {
        let mut state = login.state();
        (state.life, state.expires_in) = (Duration::from_secs(4), "\"4\"".into());
    }
    let partners = login.partners(login.oauth());
    get(&partners, "/a").await.unwrap();
    login.state().delay = Duration::from_millis(400);
    let end = Instant::now() + Duration::from_secs(9);
    let callers: Vec<_> = (0..8)
        .map(|_| {
            let partners = partners.clone();
            tokio::spawn(async move {
                let mut longest = Duration::ZERO;
                while Instant::now() < end {
                    let start = Instant::now();
                    assert_eq!(get(&partners, "/a").await.unwrap().status, 200);
                    longest = longest.max(start.elapsed());
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                longest
            })
        })
        .collect();
    for caller in callers {
        let longest = caller.await.unwrap();
        assert!(longest < Duration::from_millis(350), "a call waited for {longest:?}");
    }
    // After 3.2 seconds of each token's life: at 0, 3.2, 6.6.
    assert_eq!(login.asked().len(), 3);
    assert!(partners.attempt(&request(), uuid::Uuid::nil(), None).await.outcome.is_ok());
}

fn request() -> graph::Request {
    graph::Request {
        connection: "shop".into(),
        method: "GET".into(),
        path: "/a".into(),
        headers: Vec::new(),
        body: None,
        text: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_refusals_renews_the_token_once() {
    let login = Login::start();
    let partners = login.partners(login.oauth());
    get(&partners, "/a").await.unwrap();
    login.revoke_all();
    login.state().delay = Duration::from_millis(100);
    assert_eq!(storm(&partners, 1_000).await, BTreeMap::from([("200".to_owned(), 1_000)]));
    assert_eq!(login.asked().len(), 2);
    // Every call was repeated at most once.
    assert!(login.partner.seen_at("GET /a").len() <= 2_001);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_that_refuses_every_token_is_no_reason_to_ask_for_many() {
    let login = Login::start();
    login.state().refuses_all = true;
    let partners = login.partners(login.oauth());
    let start = Instant::now();
    for round in 0..100 {
        assert_eq!(get(&partners, "/a").await.unwrap().status, 401, "{round}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The first one, one at once, then after pauses of one and two seconds.
    let most = if start.elapsed() < Duration::from_secs(3) { 3 } else { 4 };
    assert!((2..=most).contains(&login.asked().len()), "{}", login.asked().len());
    assert!(login.partner.seen_at("GET /a").len() <= 104);
    // As soon as a token is taken, all is as it was.
    login.state().refuses_all = false;
    assert_eq!(get(&partners, "/a").await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resource_that_takes_no_token_costs_no_token_for_each_call() {
    let login = Login::start();
    let partners = login.partners(login.oauth());
    let start = Instant::now();
    for _ in 0..100 {
        assert_eq!(get(&partners, "/locked").await.unwrap().status, 401);
        assert_eq!(get(&partners, "/a").await.unwrap().status, 200);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let most = if start.elapsed() < Duration::from_secs(3) { 3 } else { 4 };
    assert!((2..=most).contains(&login.asked().len()), "{}", login.asked().len());
    // A token that is revoked is had anew all the same, at the latest after the pause.
    login.revoke_all();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(get(&partners, "/a").await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_server_that_fails_is_left_in_peace_and_found_again() {
    let login = Login::start();
    login.state().instead = Some((503, "<html>down</html>".into()));
    let partners = login.partners(login.oauth());
    let start = Instant::now();
    while start.elapsed() < Duration::from_millis(2_500) {
        let error = get(&partners, "/a").await.unwrap_err();
        assert_eq!((error.kind, error.status), (ErrorKind::Auth, Some(503)));
        assert_eq!(error.reason, "the token server answered 503");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(login.asked().len(), 2, "at once, and after a second");
    assert!(login.partner.seen_at("GET /a").is_empty());
    login.state().instead = None;
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(get(&partners, "/a").await.unwrap().status, 200);
    assert_eq!(login.asked().len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_still_lives_is_used_while_its_server_is_down() {
    let login = Login::start();
    {
        let mut state = login.state();
        (state.life, state.expires_in) = (Duration::from_secs(4), "4".into());
    }
    let partners = login.partners(login.oauth());
    get(&partners, "/a").await.unwrap();
    login.state().instead = Some((500, "{}".into()));
    tokio::time::sleep(Duration::from_millis(3_300)).await;
    assert_eq!(get(&partners, "/a").await.unwrap().status, 200);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(get(&partners, "/a").await.unwrap().status, 200);
    assert_eq!(login.asked().len(), 2);
    tokio::time::sleep(Duration::from_millis(600)).await;
    assert_eq!(get(&partners, "/a").await.unwrap_err().status, Some(500));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_stops_waiting_stops_nobody_else() {
    let login = Login::start();
    login.state().delay = Duration::from_millis(300);
    let connection = login.connection(Auth::OAuth2(Box::new(login.oauth())));
    let hasty = partners(Connection { timeout_each: 100_000, ..connection });
    let error = get(&hasty, "/a").await.unwrap_err();
    assert_eq!(
        (error.kind, error.reason.as_str()),
        (ErrorKind::Timeout, "no whole answer within 100 milliseconds")
    );
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(get(&hasty, "/a").await.unwrap().status, 200);
    assert_eq!(login.asked().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_refresh_token_is_used_until_it_is_refused() {
    let login = Login::start();
    {
        let mut state = login.state();
        state.refresh = Some("canary refresh".into());
    }
    let partners = login.partners(OAuth2 { refresh_token: Some(secret("REFRESH")), ..login.oauth() });
    for _ in 0..3 {
        assert_eq!(get(&partners, "/a").await.unwrap().status, 200);
        login.revoke_all();
    }
    let sent: Vec<String> = login.asked().iter().map(|asked| form(asked)["refresh_token"].clone()).collect();
    assert_eq!(sent, ["canary refresh", "refresh-1", "refresh-2"]);
    assert!(login.asked().iter().all(|asked| form(asked)["grant_type"] == "refresh_token"));
    // Somebody else used it: what the deployment says is tried again.
    login.state().refresh = Some("canary refresh".into());
    let error = get(&partners, "/a").await.unwrap_err();
    assert_eq!((error.kind, error.status), (ErrorKind::Auth, Some(400)));
    assert_eq!(error.reason, "the token server answered 400: invalid_grant");
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(get(&partners, "/a").await.unwrap().status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn assertions_are_signed_as_the_server_verifies_them() {
    let login = Login::start();
    let elliptic = rcgen::KeyPair::generate().unwrap();
    let (private, public) = (elliptic.serialize_pem(), elliptic.public_key_pem());
    let rsa = include_str!("peer/rsa.pem").to_owned();
    let rsa_public = include_str!("peer/rsa.public.pem");
    let cases = [
        (private, Algorithm::ES256, DecodingKey::from_ec_pem(public.as_bytes()).unwrap()),
        (rsa, Algorithm::RS256, DecodingKey::from_rsa_pem(rsa_public.as_bytes()).unwrap()),
    ];
    for (number, (pem, algorithm, public)) in cases.into_iter().enumerate() {
        let proof = ClientProof::Assertion {
            private_key: secret("PEM"),
            key_id: Some(Setting::Text("key-1".into())),
            assertion_for: None,
        };
        let connection = login.connection(Auth::OAuth2(Box::new(OAuth2 { proof, ..login.oauth() })));
        let environment = Environment::of(move |_| Some(pem.clone()));
        connect::install_crypto();
        let partners = Partners::new([Arc::new(connection)], BTreeMap::new(), environment).unwrap();
        assert_eq!(get(&partners, "/a").await.unwrap().status, 200);
        let sent = form(&login.asked()[number]);
        assert_eq!(sent["client_assertion_type"], "urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
        assert_eq!(sent["client_id"], "wayfare:1");
        let mut wanted = Validation::new(algorithm);
        wanted.set_audience(&[format!("{}/token", login.url())]);
        wanted.set_issuer(&["wayfare:1"]);
        wanted.set_required_spec_claims(&["exp", "iss", "sub", "aud"]);
        let read =
            jsonwebtoken::decode::<serde_json::Value>(&sent["client_assertion"], &public, &wanted).unwrap();
        assert_eq!(
            (read.claims["sub"].as_str(), read.header.kid.as_deref()),
            (Some("wayfare:1"), Some("key-1"))
        );
        let lives = read.claims["exp"].as_i64().unwrap() - read.claims["iat"].as_i64().unwrap();
        assert!(lives == 300 && read.claims["jti"].as_str().unwrap().len() == 36);
        assert!(login.asked()[number].header("authorization").is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assertion_may_be_the_grant() {
    let login = Login::start();
    let public = DecodingKey::from_rsa_pem(include_str!("peer/rsa.public.pem").as_bytes()).unwrap();
    for (number, subject) in [None, Some("ada@example.com")].into_iter().enumerate() {
        let proof = ClientProof::Grant {
            private_key: secret("RSA"),
            key_id: None,
            assertion_for: Some(Setting::Text("https://login.example.com".into())),
            subject: subject.map(|subject| Setting::Text(subject.into())),
        };
        let scope = Some(Setting::Text("push".into()));
        let partners = login.partners(OAuth2 { proof, scope, ..login.oauth() });
        assert_eq!(get(&partners, "/a").await.unwrap().status, 200);
        let sent = form(&login.asked()[number]);
        assert_eq!(sent["grant_type"], "urn:ietf:params:oauth:grant-type:jwt-bearer");
        assert!(!sent.contains_key("client_id") && !sent.contains_key("client_assertion"), "{sent:?}");
        let mut wanted = Validation::new(Algorithm::RS256);
        wanted.set_audience(&["https://login.example.com"]);
        wanted.set_issuer(&["wayfare:1"]);
        let read = jsonwebtoken::decode::<serde_json::Value>(&sent["assertion"], &public, &wanted).unwrap();
        assert_eq!((read.claims["sub"].as_str(), read.claims["scope"].as_str()), (subject, Some("push")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_error_of_a_token_server_is_said_without_a_secret() {
    let echo = r#"{"error":"invalid_client","error_description":"canary password \u0007 is wrong"}"#;
    let long = format!(r#"{{"error":"invalid_scope","error_description":"{}"}}"#, "x".repeat(5_000));
    let large = format!(r#"{{"access_token":"{}"}}"#, "x".repeat(70_000));
    let (auth, said) = (ErrorKind::Auth, "the token server answered ");
    let cases = [
        (401, echo, auth, format!("{said}401: invalid_client (••••   is wrong)")),
        (400, &long, auth, format!("{said}400: invalid_scope ({}…", "x".repeat(184))),
        (200, r#"{"error":"bad_verification_code"}"#, auth, format!("{said}200: bad_verification_code")),
        (200, "<html>hello</html>", auth, format!("{said}200: no JSON")),
        (200, "[]", auth, format!("{said}200: no `access_token`")),
        (200, r#"{"access_token":""}"#, auth, format!("{said}200: no `access_token`")),
        (
            200,
            r#"{"access_token":"a","token_type":"mac"}"#,
            auth,
            format!("{said}200: a token of the type `mac`, which is not supported"),
        ),
        (200, &large, auth, "the token server: the answer is larger than 64 KiB".into()),
        (302, "", auth, format!("{said}302")),
    ];
    for (status, body, kind, reason) in cases {
        let login = Login::start();
        login.state().instead = Some((status, body.to_owned()));
        let error = get(&login.partners(login.oauth()), "/a").await.unwrap_err();
        assert_eq!((error.kind, error.status, error.reason), (kind, Some(status), reason), "{body}");
        assert_eq!(error.body, None);
        assert!(login.partner.seen_at("GET /a").is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_server_is_behind_the_same_guard() {
    let login = Login::start();
    let of = |token_url: &str, private: &str| {
        let way = OAuth2 { token_url: Setting::Text(token_url.into()), ..login.oauth() };
        let connection = login.connection(Auth::OAuth2(Box::new(way)));
        let url = Setting::Text("http://127.0.0.1:9".into());
        partners(Connection { url, private: vec![private.into()], ..connection })
    };
    let port = login.partner.address.port();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "169.254.169.254"] {
        let error = get(&of(&format!("http://{host}:{port}/token"), "10.0.0.1"), "/a").await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Refused, "{host}: {error:?}");
        assert!(error.reason.contains("leads to"), "{}", error.reason);
    }
    assert!(login.asked().is_empty());
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = get(&of(&format!("http://{closed}/token"), "127.0.0.1"), "/a").await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.reason.starts_with("the token server cannot be reached: "), "{}", error.reason);
    for wrong in ["ftp://127.0.0.1/token", "http://a:b@127.0.0.1/token", "nonsense"] {
        let error = get(&of(wrong, "127.0.0.1"), "/a").await.unwrap_err();
        assert!(
            error.kind == ErrorKind::Auth && error.reason.starts_with("of the token server, its URL"),
            "{error:?}"
        );
    }
    let unset = OAuth2 { proof: ClientProof::Body(secret("UNSET")), ..login.oauth() };
    let unset = login.partners(unset);
    let error = get(&unset, "/a").await.unwrap_err();
    assert_eq!(
        (error.kind, error.reason.as_str()),
        (ErrorKind::Auth, "the environment variable UNSET is not set")
    );
    assert_eq!(unset.missing().await.len(), 1);
}
