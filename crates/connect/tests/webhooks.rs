//! Who calls us: the ways of partners to sign, with the examples of their manuals and libraries, and with what others'
//! implementations sign. A call of which a byte is changed, or that is old, is nobody's.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::collections::BTreeMap;

use connect::{Delivery, Environment, Partners, Proven, Unverified};
use graph::{
    Setting,
    hook::{Scheme, Verify},
    sign::{Algorithm, Encoding, Hmac, Mark},
};
use hmac::{KeyInit as _, Mac as _};
use jiff::Timestamp;
use jsonwebtoken::{EncodingKey, Header};
use serde_json::json;
use sha2::Digest as _;
use standardwebhooks::Webhook;

/// A call that may be spoilt.
#[derive(Clone)]
struct Call {
    method: &'static str,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    public_url: Option<&'static str>,
    now: i64,
}

impl Call {
    fn new(target: &str, headers: &[(&str, &str)], body: &str) -> Call {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Call {
            method: "POST",
            target: target.to_owned(),
            headers: headers.collect(),
            body: body.as_bytes().to_vec(),
            public_url: None,
            now: NOW,
        }
    }

    async fn verified(&self, way: &Verify) -> Result<(), String> {
        connect::install_crypto();
        let environment = Environment::of(|name| (name != "UNSET").then(|| name.to_owned()));
        let partners = Partners::new([], BTreeMap::new(), environment).unwrap();
        let call = Delivery {
            method: self.method,
            target: &self.target,
            headers: &self.headers,
            body: &self.body,
            public_url: self.public_url,
        };
        let now = Timestamp::from_second(self.now).unwrap();
        match partners.verify(way, &call, now).await {
            Ok(proven) => {
                assert_eq!(proven, Proven::Whole, "{way:?}");
                Ok(())
            }
            Err(Unverified::Refused(reason)) => Err(reason),
            Err(Unverified::Lacking(reason)) => Err(format!("lacking: {reason}")),
        }
    }

    /// It is good as it is, and with any byte of it changed, or any header taken away, it is not.
    async fn only_as_it_is(&self, way: &Verify, signed: &[&str]) {
        assert_eq!(self.verified(way).await, Ok(()), "{way:?}");
        for place in 0..self.body.len() {
            let mut other = self.clone();
            other.body[place] ^= 1;
            assert!(other.verified(way).await.is_err(), "{way:?}: the byte {place} is free");
        }
        for name in signed {
            let mut without = self.clone();
            without.headers.retain(|(known, _)| known != name);
            let reason = without.verified(way).await.unwrap_err();
            assert_eq!(reason, format!("it has no `{name}`"));
            let mut other = self.clone();
            let value = &mut other.headers.iter_mut().find(|(known, _)| known == name).unwrap().1;
            let at = value.len() / 2;
            let letter = if value.as_bytes()[at] == b'1' { "2" } else { "1" };
            value.replace_range(at..=at, letter);
            assert!(other.verified(way).await.is_err(), "{way:?}: `{name}` is free");
        }
    }
}

/// A moment for all that says no other.
const NOW: i64 = 1_600_112_502;

fn partner(scheme: Scheme, key: &str) -> Verify {
    Verify::Partner { scheme, key: Setting::Text(key.into()) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hmac_sha256(key: &str, text: &[u8]) -> String {
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(text);
    hex(&mac.finalize().into_bytes())
}

#[tokio::test]
async fn twilio_signs_the_url_and_the_fields() {
    // From the tests of Twilio's own libraries.
    let body =
        "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212";
    let headers = [
        ("x-twilio-signature", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        ("host", "mycompany.com"),
        ("content-type", "application/x-www-form-urlencoded; charset=UTF-8"),
    ];
    let call = Call::new("/myapp.php?foo=1&bar=2", &headers, body);
    let way = partner(Scheme::Twilio, "12345");
    assert_eq!(call.verified(&way).await, Ok(()));
    for (from, to) in [("Digits=1234", "Digits=1235"), ("CallSid", "CallSie"), ("&To=", "&Tu=")] {
        let spoilt = Call { body: body.replace(from, to).into_bytes(), ..call.clone() };
        assert_eq!(spoilt.verified(&way).await.unwrap_err(), "the signature does not fit what was sent");
    }
    let elsewhere = Call { target: "/myapp.php?foo=1&bar=3".into(), ..call.clone() };
    assert!(elsewhere.verified(&way).await.is_err());
    assert!(call.verified(&partner(Scheme::Twilio, "12346")).await.is_err());
    // Behind a proxy, the settings say what Twilio calls, and nothing else counts.
    let behind = Call { public_url: Some("https://mycompany.com"), ..call.clone() };
    let mut inside = behind.clone();
    inside.headers[1].1 = "10.0.0.7:7070".into();
    assert_eq!(inside.verified(&way).await, Ok(()));
    assert!(Call { public_url: Some("https://other.com"), ..behind }.verified(&way).await.is_err());
    let mut without = call;
    without.headers.remove(0);
    assert_eq!(without.verified(&way).await.unwrap_err(), "it has no `x-twilio-signature`");
}

#[tokio::test]
async fn sendgrid_signs_moment_and_body_with_a_key_whose_other_half_we_have() {
    // From the tests of SendGrid's own libraries.
    let body = concat!(
        r#"[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]"#,
        "\r\n"
    );
    let key = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";
    let moment = "x-twilio-email-event-webhook-timestamp";
    let signature = "x-twilio-email-event-webhook-signature";
    let headers = [
        (
            signature,
            "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=",
        ),
        (moment, "1600112502"),
    ];
    let call = Call::new("/hooks/sendgridEvents", &headers, body);
    let way = partner(Scheme::Sendgrid, key);
    call.only_as_it_is(&way, &[signature, moment]).await;
    for now in [NOW - 301, NOW + 301] {
        let reason = Call { now, ..call.clone() }.verified(&way).await.unwrap_err();
        assert!(reason.starts_with("it was signed more than five minutes ago"), "{reason}");
    }
    assert_eq!(Call { now: NOW + 300, ..call.clone() }.verified(&way).await, Ok(()));
    let reason = call.verified(&partner(Scheme::Sendgrid, "bm9uc2Vuc2U=")).await.unwrap_err();
    assert_eq!(reason, "lacking: the public key is none on the curve P-256, in base64");
}

#[tokio::test]
async fn mailgun_signs_a_moment_and_a_token_in_the_body() {
    let token = "50c2b8c5d2c2b7b8a4c0a0f1b1d2f3a4e5d6c7b8a9f0e1d2c3";
    let moment = NOW.to_string();
    let signature = hmac_sha256("key-1", format!("{moment}{token}").as_bytes());
    let body = json!({
        "signature": { "timestamp": moment, "token": token, "signature": signature },
        "event-data": { "event": "delivered" }
    });
    let call = Call::new("/hooks/mailgunEvents", &[], &body.to_string());
    let way = partner(Scheme::Mailgun, "key-1");
    assert_eq!(call.verified(&way).await, Ok(()));
    for (part, reason) in [("timestamp", "fit"), ("token", "fit"), ("signature", "fit")] {
        let mut spoilt = body.clone();
        let text = spoilt["signature"][part].as_str().unwrap().to_owned();
        let last = if text.ends_with('0') { "1" } else { "0" };
        spoilt["signature"][part] = format!("{}{last}", &text[..text.len() - 1]).into();
        let spoilt = Call { body: spoilt.to_string().into_bytes(), ..call.clone() };
        assert!(spoilt.verified(&way).await.unwrap_err().contains(reason), "{part}");
        let mut without = body.clone();
        without["signature"].as_object_mut().unwrap().remove(part);
        let without = Call { body: without.to_string().into_bytes(), ..call.clone() };
        assert_eq!(without.verified(&way).await.unwrap_err(), format!("its body has no `signature.{part}`"));
    }
    assert!(Call { now: NOW + 400, ..call.clone() }.verified(&way).await.is_err());
    assert!(call.verified(&partner(Scheme::Mailgun, "key-2")).await.is_err());
}

#[tokio::test]
async fn messagebird_signs_hashes_of_url_and_body() {
    let target = "/hooks/messagebirdStatus?reference=T1&status=delivered";
    let hash = |bytes: &[u8]| hex(&sha2::Sha256::digest(bytes));
    let url = hash(format!("https://j.example.com{target}").as_bytes());
    let signed = |claims: &serde_json::Value, key: &str| {
        jsonwebtoken::encode(&Header::default(), claims, &EncodingKey::from_secret(key.as_bytes())).unwrap()
    };
    let claims = json!({ "iss": "MessageBird", "nbf": NOW, "exp": NOW + 60, "jti": "1", "url_hash": url });
    let name = "messagebird-signature-jwt";
    let made = |claims: &serde_json::Value, body: &str| {
        let mut call = Call::new(target, &[(name, &signed(claims, "key-1"))], body);
        (call.method, call.public_url) = ("GET", Some("https://j.example.com"));
        call
    };
    let way = partner(Scheme::Messagebird, "key-1");
    made(&claims, "").only_as_it_is(&way, &[name]).await;
    let mut with_body = claims.clone();
    with_body["payload_hash"] = hash(b"{}").into();
    made(&with_body, "{}").only_as_it_is(&way, &[name]).await;
    // A body that is not signed, a token that is over, one for elsewhere, one that says it need not be signed.
    assert!(made(&claims, "{}").verified(&way).await.is_err());
    assert!(made(&with_body, "").verified(&way).await.is_err());
    let over = Call { now: NOW + 90, ..made(&claims, "") };
    assert_eq!(over.verified(&way).await.unwrap_err(), "its token is over, or the clocks differ");
    let elsewhere = Call { target: format!("{target}2"), ..made(&claims, "") };
    assert_eq!(elsewhere.verified(&way).await.unwrap_err(), "its token is for another URL");
    let mut unsigned = made(&claims, "");
    let parts: Vec<&str> = unsigned.headers[0].1.split('.').collect();
    unsigned.headers[0].1 = format!("eyJhbGciOiJub25lIn0.{}.", parts[1]);
    assert_eq!(unsigned.verified(&way).await.unwrap_err(), "its token is not signed with HS256");
}

#[tokio::test]
async fn a_code_over_the_body_is_verified_as_it_is_made() {
    let way = |encoding, over: Vec<Mark>, timestamp: Option<&str>| {
        Verify::Hmac(Box::new(Hmac {
            header: "X-Hub-Signature-256".into(),
            key: Setting::Text("It's a Secret to Everybody".into()),
            algorithm: Algorithm::Sha256,
            encoding,
            prefix: vec![Mark::Text("sha256=".into())],
            over,
            timestamp: timestamp.map(Into::into),
        }))
    };
    // From GitHub's manual, "Validating webhook deliveries".
    let code = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
    let call = Call::new("/hooks/a", &[("X-Hub-Signature-256", code)], "Hello, World!");
    call.only_as_it_is(&way(Encoding::Hex, vec![Mark::Body], None), &["X-Hub-Signature-256"]).await;
    for odd in ["757107ea", "sha256=", "sha256=zz", "sha256=+7", "sha1=757107ea", "sha256=757107ea0eb2509f"] {
        let call = Call::new("/hooks/a", &[("X-Hub-Signature-256", odd)], "Hello, World!");
        assert!(call.verified(&way(Encoding::Hex, vec![Mark::Body], None)).await.is_err(), "{odd}");
    }
    let over = vec![Mark::Timestamp, Mark::Text(".".into()), Mark::Path, Mark::Body];
    let dated = way(Encoding::Hex, over, Some("X-Timestamp"));
    let text = format!("{NOW}./hooks/a?b=1{{}}");
    let code = format!("sha256={}", hmac_sha256("It's a Secret to Everybody", text.as_bytes()));
    let headers = [("X-Hub-Signature-256", code.as_str()), ("X-Timestamp", &NOW.to_string())];
    let call = Call::new("/hooks/a?b=1", &headers, "{}");
    call.only_as_it_is(&dated, &["X-Hub-Signature-256", "X-Timestamp"]).await;
    assert!(Call { now: NOW + 301, ..call.clone() }.verified(&dated).await.is_err());
    assert!(Call { target: "/hooks/a?b=2".into(), ..call }.verified(&dated).await.is_err());
}

#[tokio::test]
async fn standard_webhooks_are_signed_by_their_own_library() {
    let (old, new) = ("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
    let body = r#"{"test": 2432232314}"#;
    let signature = Webhook::new(new).unwrap().sign("msg_1", NOW, body.as_bytes()).unwrap();
    let names = ["webhook-id", "webhook-timestamp", "webhook-signature"];
    let headers =
        [(names[0], "msg_1"), (names[1], &NOW.to_string()), (names[2], &format!("v1,c2hvcnQ= {signature}"))];
    let call = Call::new("/hooks/a", &headers, body);
    // A secret that is being replaced stands beside the new one.
    let way = Verify::StandardWebhooks(Setting::Text(format!("{old} {new}").into()));
    assert_eq!(call.verified(&way).await, Ok(()));
    let one = Call::new("/hooks/a", &[headers[0], headers[1], (names[2], &signature)], body);
    one.only_as_it_is(&way, &names).await;
    assert!(Call { now: NOW - 301, ..one.clone() }.verified(&way).await.is_err());
    assert!(one.verified(&Verify::StandardWebhooks(Setting::Text(old.into()))).await.is_err());
    let unfit = Verify::StandardWebhooks(Setting::Text("canary".into()));
    assert!(one.verified(&unfit).await.unwrap_err().starts_with("lacking: the secret of the signature"));
}

#[tokio::test]
async fn keys_are_looked_for_where_they_stand() {
    let key = || Setting::Secret("KEY".into());
    let header = Verify::Header { name: "X-Key".into(), key: key() };
    Call::new("/", &[("X-Key", "KEY")], "").only_as_it_is(&header, &["X-Key"]).await;
    let query = Verify::Query { name: "key".into(), key: key() };
    assert_eq!(Call::new("/?a=1&key=KEY", &[], "").verified(&query).await, Ok(()));
    assert_eq!(Call::new("/?a=1&key=KEX", &[], "").verified(&query).await.unwrap_err(), "the key is another");
    assert_eq!(Call::new("/?a=1", &[], "").verified(&query).await.unwrap_err(), "its query has no `key`");
    let basic =
        Verify::Basic { user: Setting::Text("wayfare".into()), password: Setting::Secret("PW".into()) };
    // "wayfare:PW" in base64.
    let given = [("authorization", "Basic d2F5ZmFyZTpQVw==")];
    Call::new("/", &given, "").only_as_it_is(&basic, &["authorization"]).await;
    assert!(Call::new("/", &[("authorization", "Bearer PW")], "").verified(&basic).await.is_err());
    let unset = Verify::Header { name: "X-Key".into(), key: Setting::Secret("UNSET".into()) };
    let reason = Call::new("/", &[("X-Key", "")], "").verified(&unset).await.unwrap_err();
    assert_eq!(reason, "lacking: the environment variable UNSET is not set");
    assert_eq!(Call::new("/", &[], "").verified(&Verify::Nothing).await, Ok(()));
}
