//! Amazon SNS as far as a subscriber sees it: envelopes that are signed, and a server with the certificates for them.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use rsa::{Pkcs1v15Sign, RsaPrivateKey, pkcs8::DecodePrivateKey as _};
use serde_json::{Value, json};
use sha2::Digest as _;
use testkit::{Partner, Reply};

pub(crate) const TOPIC: &str = "arn:aws:sns:eu-central-1:123456789012:ses-events";
pub(crate) const SERVER: &str = "https://sns.eu-central-1.amazonaws.com";
/// Where the good certificate is.
pub(crate) const GOOD: &str = "/SimpleNotificationService-0123456789abcdef.pem";
const RSA: &str = include_str!("../../../crates/connect/tests/peer/rsa.pem");
/// What a hash is said to be in a signature (RFC 8017, 9.2).
const SHA1: [u8; 15] =
    [0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14];
const SHA256: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00,
    0x04, 0x20,
];

/// The server at Amazon; and its authority, in PEM.
pub(crate) fn server() -> (Partner, String) {
    let rsa = KeyPair::from_pem(RSA).unwrap();
    let made = |key: &KeyPair, from: i32, to: i32| {
        let mut params = CertificateParams::new(vec!["sns.amazonaws.com".to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
        params.self_signed(key).unwrap().pem()
    };
    let (good, over, early) = (made(&rsa, 2020, 4000), made(&rsa, 2020, 2021), made(&rsa, 3000, 4000));
    let of_a_curve = made(&KeyPair::generate().unwrap(), 2020, 4000);
    Partner::start_secure(&["sns.eu-central-1.amazonaws.com"], move |request, before| {
        let path = request.line.trim_start_matches("GET ").split('?').next().unwrap();
        // Slow enough that all who come at once find nothing yet.
        let delay = Duration::from_millis(200);
        match path {
            GOOD | "/again.pem" if path == GOOD || before > 0 => Reply { delay, ..Reply::ok(&good) },
            "/again.pem" => Reply::status(503),
            "/over.pem" => Reply::ok(&over),
            "/early.pem" => Reply::ok(&early),
            "/curve.pem" => Reply::ok(&of_a_curve),
            "/nonsense.pem" => {
                Reply::ok("-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n")
            }
            "/large.pem" => Reply::ok(&"a".repeat(70_000)),
            "/" if before == 0 && request.line.contains("Token=late") => Reply::status(500),
            "/" => Reply { delay, ..Reply::ok("<ConfirmSubscriptionResponse/>") },
            _ => Reply::status(404),
        }
    })
    .unwrap()
}

/// An envelope that can be spoilt before it is signed, and after.
#[derive(Clone, Debug)]
pub(crate) struct Envelope(pub(crate) Value);

impl Envelope {
    /// What a topic was given, as SNS sends it.
    pub(crate) fn of(message: &str) -> Envelope {
        Envelope(json!({
            "Type": "Notification",
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": TOPIC,
            "Subject": "Amazon SES Email Event Notification",
            "Message": message,
            "Timestamp": stamp(0),
            "SignatureVersion": "1",
            "SigningCertURL": format!("{SERVER}{GOOD}"),
            "UnsubscribeURL": format!("{SERVER}/?Action=Unsubscribe&SubscriptionArn={TOPIC}:c9135db0"),
        }))
    }

    /// The question whether somebody wants to be told, or the word that he is not any more.
    pub(crate) fn asking(kind: &str, token: &str) -> Envelope {
        let mut made = Envelope::of("You have chosen to subscribe to the topic. To confirm the subscription, visit the SubscribeURL included in this message.")
            .with("Type", kind)
            .with("MessageId", &format!("165545c9-2a5c-472c-8df2-{token}"))
            .with("Token", token)
            .with("SubscribeURL", &format!("{SERVER}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token={token}"));
        made.0.as_object_mut().unwrap().remove("Subject");
        made
    }

    pub(crate) fn with(mut self, field: &str, value: &str) -> Envelope {
        self.0[field] = value.into();
        self
    }

    /// The same with another hash.
    pub(crate) fn version(self, version: &str) -> Envelope {
        self.with("SignatureVersion", version)
    }

    pub(crate) fn signed(self) -> Envelope {
        let names: &[&str] = if self.0["Type"] == "Notification" {
            &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"]
        } else {
            &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
        };
        let given = names.iter().filter_map(|name| Some((name, self.0[*name].as_str()?)));
        let text: String = given.map(|(name, value)| format!("{name}\n{value}\n")).collect();
        let (hash, prefix) = if self.0["SignatureVersion"] == "2" {
            (sha2::Sha256::digest(&text).to_vec(), SHA256.to_vec())
        } else {
            (sha1::Sha1::digest(&text).to_vec(), SHA1.to_vec())
        };
        let way = Pkcs1v15Sign { hash_len: Some(hash.len()), prefix: prefix.into() };
        let signature = RsaPrivateKey::from_pkcs8_pem(RSA).unwrap().sign(way, &hash).unwrap();
        self.with("Signature", &STANDARD.encode(signature))
    }
}

/// A moment so many seconds from now, as SNS writes it.
pub(crate) fn stamp(seconds: i64) -> String {
    let at = Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
    format!("{:.3}", at)
}
