//! Signatures, verified by others' implementations: known vectors, Standard Webhooks, and what a partner's manual says.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod peer;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use connect::{Environment, Partners};
use graph::{
    Auth, Connection, ErrorKind, Request, Sign,
    sign::{Algorithm, Encoding, Hmac, Mark},
};
use hmac::{KeyInit as _, Mac as _};
use peer::{Login, secret};
use standardwebhooks::Webhook;
use testkit::Recorded;
use uuid::Uuid;

fn hmac_over_body() -> Hmac {
    Hmac {
        header: "X-Signature".into(),
        key: secret("KEY"),
        algorithm: Algorithm::Sha256,
        encoding: Encoding::Hex,
        prefix: Vec::new(),
        over: vec![Mark::Body],
        timestamp: None,
    }
}

/// A connection without credentials that signs; its one secret may change.
fn partners(login: &Login, sign: Sign, key: &Arc<Mutex<String>>) -> Partners {
    connect::install_crypto();
    let connection = Connection { sign: Some(sign), ..login.connection(Auth::None) };
    let key = key.clone();
    let environment = Environment::of(move |_| Some(key.lock().unwrap().clone()));
    Partners::new([Arc::new(connection)], BTreeMap::new(), environment).unwrap()
}

fn key(text: &str) -> Arc<Mutex<String>> {
    Arc::new(Mutex::new(text.to_owned()))
}

fn post(body: &str) -> Request {
    Request {
        connection: "shop".into(),
        method: "POST".into(),
        path: "/hook?a=b".into(),
        headers: Vec::new(),
        body: Some(("application/json".into(), body.to_owned())),
        text: None,
    }
}

async fn sent(login: &Login, partners: &Partners, body: &str, id: Uuid) -> Recorded {
    partners.attempt(&post(body), id, None).await.outcome.unwrap();
    login.partner.seen().pop().unwrap()
}

fn verified(seen: &Recorded, secret: &str) -> bool {
    let mut headers = http::HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        headers.insert(name, seen.header(name).unwrap().parse().unwrap());
    }
    Webhook::new(secret).unwrap().verify(seen.body.as_bytes(), &headers).is_ok()
}

#[tokio::test]
async fn known_codes_come_out() {
    let login = Login::start();
    let text = "what do ya want for nothing?";
    let hex = |algorithm| Hmac { algorithm, ..hmac_over_body() };
    let github = Hmac { prefix: vec![Mark::Text("sha256=".into())], ..hmac_over_body() };
    let cases = [
        // RFC 4231, test case 2, and RFC 2202, test case 2.
        (
            hex(Algorithm::Sha256),
            "Jefe",
            text,
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            hex(Algorithm::Sha512),
            "Jefe",
            text,
            "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
        ),
        (hex(Algorithm::Sha1), "Jefe", text, "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"),
        // From GitHub's manual, "Validating webhook deliveries".
        (
            github,
            "It's a Secret to Everybody",
            "Hello, World!",
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
        ),
        (
            Hmac { encoding: Encoding::Base64, ..hmac_over_body() },
            "Jefe",
            text,
            "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM=",
        ),
    ];
    for (way, secret, body, signature) in cases {
        let partners = partners(&login, Sign::Hmac(Box::new(way)), &key(secret));
        let seen = sent(&login, &partners, body, Uuid::nil()).await;
        assert_eq!((seen.header("x-signature"), seen.body.as_str()), (Some(signature), body));
    }
}

#[tokio::test]
async fn a_signature_covers_what_the_partner_wants_of_what_is_sent() {
    let login = Login::start();
    let text = |text: &str| Mark::Text(text.into());
    let way = Hmac {
        prefix: vec![text("t="), Mark::Timestamp, text(",v1=")],
        over: vec![
            Mark::Id,
            text("."),
            Mark::Method,
            text(" "),
            Mark::Path,
            text("\n"),
            Mark::Timestamp,
            text("."),
            Mark::Body,
        ],
        timestamp: Some("X-Timestamp".into()),
        ..hmac_over_body()
    };
    let partners = partners(&login, Sign::Hmac(Box::new(way)), &key("canary key"));
    let id = Uuid::from_u128(7);
    let body = "{ \"a\": \"é\\n\" }\r\n";
    let seen = sent(&login, &partners, body, id).await;
    let at = seen.header("x-timestamp").unwrap();
    let signed = format!("{id}.POST /hook?a=b\n{at}.{body}");
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(b"canary key").unwrap();
    mac.update(signed.as_bytes());
    let code: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(seen.header("x-signature"), Some(format!("t={at},v1={code}").as_str()));
    let preview = partners.preview(&post(body), id).await;
    assert!(preview.contains(",v1=••••\n") && preview.contains("X-Timestamp: "), "{preview}");
    assert!(!preview.contains("canary"), "{preview}");
}

const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const NEW: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

#[tokio::test]
async fn standard_webhooks_are_verified_by_their_own_library() {
    let login = Login::start();
    let partners = partners(&login, Sign::StandardWebhooks(secret("KEY")), &key(OLD));
    let id = Uuid::from_u128(42);
    for body in ["{\"test\": 2432232314}", "", "{\"é\":\"😀\"}"] {
        let seen = sent(&login, &partners, body, id).await;
        assert!(verified(&seen, OLD) && !verified(&seen, NEW));
        assert_eq!(seen.header("webhook-id"), Some(id.to_string().as_str()));
        assert_eq!(seen.header("webhook-id"), seen.header("idempotency-key"));
        let spoilt = Recorded { body: format!("{body} "), ..seen };
        assert!(!verified(&spoilt, OLD));
    }
    let preview = partners.preview(&post("{}"), id).await;
    assert!(preview.contains("webhook-signature: v1,••••\n") && !preview.contains("MfKQ"), "{preview}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_call_is_unsigned_while_the_secret_is_rotated() {
    let login = Login::start();
    let key = key(OLD);
    let partners = partners(&login, Sign::StandardWebhooks(secret("KEY")), &key);
    let callers: Vec<_> = (0..8)
        .map(|caller| {
            let partners = partners.clone();
            tokio::spawn(async move {
                for number in 0..60_u128 {
                    let id = Uuid::from_u128(caller * 1_000 + number);
                    partners.attempt(&post("{\"a\":1}"), id, None).await.outcome.unwrap();
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            })
        })
        .collect();
    for text in [format!("{OLD} {NEW}"), format!(" {NEW}  {OLD} "), NEW.to_owned()] {
        tokio::time::sleep(Duration::from_millis(100)).await;
        *key.lock().unwrap() = text;
    }
    for caller in callers {
        caller.await.unwrap();
    }
    let seen = login.partner.seen();
    assert_eq!(seen.len(), 480);
    let (mut by_old, mut by_new, mut by_both) = (0, 0, 0);
    for one in &seen {
        match (verified(one, OLD), verified(one, NEW)) {
            (true, true) => by_both += 1,
            (true, false) => by_old += 1,
            (false, true) => by_new += 1,
            (false, false) => assert!(one.line.is_empty(), "nobody can verify {one:?}"),
        }
    }
    assert!(by_old > 0 && by_new > 0 && by_both > 0, "{by_old} {by_new} {by_both}");
}

#[tokio::test]
async fn a_secret_that_cannot_sign_sends_nothing() {
    let login = Login::start();
    for wrong in ["", "canary", "whsec_", "whsec_ä", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw canary"] {
        let partners = partners(&login, Sign::StandardWebhooks(secret("KEY")), &key(wrong));
        let error = partners.attempt(&post("{}"), Uuid::nil(), None).await.outcome.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Auth);
        assert!(error.reason.starts_with("the secret of the signature is not `whsec_`"), "{}", error.reason);
    }
    assert!(login.partner.seen().is_empty());
}
