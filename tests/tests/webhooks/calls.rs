//! Calls of providers, signed as each of them signs.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{KeyInit as _, Mac as _};
use jsonwebtoken::{EncodingKey, Header};
use ring::{hmac as ring_hmac, rand::SystemRandom, signature::EcdsaKeyPair};
use serde_json::{Value, json};
use sha2::Digest as _;

use crate::{PUBLIC, WHSEC};

/// A call as a provider makes it.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// The call with each signed header missing and changed, and with one byte of its body changed.
pub(crate) fn spoilt(call: &Call, signed: &[&str]) -> Vec<Call> {
    let mut all = Vec::new();
    for name in signed {
        let mut without = call.clone();
        without.headers.retain(|(known, _)| known != name);
        all.push(without);
        let mut other = call.clone();
        let value = &mut other.headers.iter_mut().find(|(known, _)| known == name).unwrap().1;
        let at = value.len() - 5;
        let letter = if &value[at..=at] == "1" { "2" } else { "1" };
        value.replace_range(at..=at, letter);
        all.push(other);
    }
    // Basic authentication speaks for nothing but the sender, and Mailgun signs no more than its own part.
    let covers = !signed.contains(&"Authorization") && !call.body.contains("event-data");
    if let Some(at) = call.body.find(|letter: char| letter.is_ascii_lowercase()).filter(|_| covers) {
        let mut other = call.clone();
        let letter = if &call.body[at..=at] == "a" { "b" } else { "a" };
        other.body.replace_range(at..=at, letter);
        all.push(other);
    }
    all
}

/// The providers, as far as their signatures go.
pub(crate) struct Providers {
    /// The half of SendGrid's key that SendGrid has.
    pub(crate) sendgrid_key: EcdsaKeyPair,
    /// What names the message of the person.
    pub(crate) token: String,
}

impl Providers {
    pub(crate) fn twilio(&self, token: &str, body: &[(&str, &str)]) -> Call {
        let path = format!("/hooks/twilioStatus?wayfare={token}");
        let mut sorted = body.to_vec();
        sorted.sort_unstable();
        let fields: String = sorted.iter().map(|(name, value)| format!("{name}{value}")).collect();
        let key = ring_hmac::Key::new(ring_hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"canary-twilio");
        let code = ring_hmac::sign(&key, format!("{PUBLIC}{path}{fields}").as_bytes());
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(body).finish();
        let form = "application/x-www-form-urlencoded".to_owned();
        let headers = vec![("X-Twilio-Signature", STANDARD.encode(code)), ("Content-Type", form)];
        Call { method: "POST", path, headers, body }
    }

    pub(crate) fn sendgrid(&self, body: &Value, at: i64) -> Call {
        let (body, at) = (body.to_string(), at.to_string());
        let random = SystemRandom::new();
        let signature = self.sendgrid_key.sign(&random, format!("{at}{body}").as_bytes()).unwrap();
        let headers = vec![
            ("X-Twilio-Email-Event-Webhook-Signature", STANDARD.encode(signature)),
            ("X-Twilio-Email-Event-Webhook-Timestamp", at),
            ("Content-Type", "application/json".into()),
        ];
        Call { method: "POST", path: "/hooks/sendgridEvents".into(), headers, body }
    }

    pub(crate) fn mailgun(&self, event: &Value, at: i64) -> Call {
        let token = "50c2b8c5d2c2b7b8a4c0a0f1b1d2f3a4e5d6c7b8a9f0e1d2c3";
        let signature = code("canary-mailgun", format!("{at}{token}").as_bytes());
        let signed = json!({ "timestamp": at.to_string(), "token": token, "signature": signature });
        let body = json!({ "signature": signed, "event-data": event }).to_string();
        Call { method: "POST", path: "/hooks/mailgunEvents".into(), headers: Vec::new(), body }
    }

    pub(crate) fn postmark(&self, body: &Value) -> Call {
        let pair = STANDARD.encode("wayfare:canary-postmark");
        let headers = vec![("Authorization", format!("Basic {pair}"))];
        Call { method: "POST", path: "/hooks/postmarkEvents".into(), headers, body: body.to_string() }
    }

    pub(crate) fn messagebird(&self, status: &str, at: i64) -> Call {
        let path = format!(
            "/hooks/messagebirdStatus?id=e8077d803532c0b5937c639b60216938&mccmnc=20404&reference={}&recipient=31612345678&status={status}&statusDatetime=2026-03-02T09%3A00%3A00%2B00%3A00",
            self.token
        );
        let hash = hex(&sha2::Sha256::digest(format!("{PUBLIC}{path}")));
        let claims = json!({ "iss": "MessageBird", "nbf": at, "exp": at + 60, "jti": "1", "url_hash": hash });
        let key = EncodingKey::from_secret(b"canary-messagebird");
        let token = jsonwebtoken::encode(&Header::default(), &claims, &key).unwrap();
        Call { method: "GET", path, headers: vec![("MessageBird-Signature-JWT", token)], body: String::new() }
    }

    pub(crate) fn whatsapp(&self, statuses: &Value) -> Call {
        let value = json!({
            "messaging_product": "whatsapp",
            "metadata": { "display_phone_number": "16505551111", "phone_number_id": "123456123" },
            "statuses": statuses
        });
        let body = json!({
            "object": "whatsapp_business_account",
            "entry": [{ "id": "102290129340398", "changes": [{ "value": value, "field": "messages" }] }]
        })
        .to_string();
        let signature = format!("sha256={}", code("canary-whatsapp", body.as_bytes()));
        let headers = vec![("X-Hub-Signature-256", signature)];
        Call { method: "POST", path: "/hooks/whatsappStatus".into(), headers, body }
    }

    pub(crate) fn standard(&self, body: &str, at: i64) -> Call {
        let library = standardwebhooks::Webhook::new(WHSEC).unwrap();
        let signature = library.sign("msg_1", at, body.as_bytes()).unwrap();
        let headers = vec![
            ("webhook-id", "msg_1".to_owned()),
            ("webhook-timestamp", at.to_string()),
            ("webhook-signature", signature),
        ];
        Call { method: "POST", path: "/hooks/standard".into(), headers, body: body.into() }
    }
}

pub(crate) fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn code(key: &str, text: &[u8]) -> String {
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).unwrap();
    mac.update(text);
    hex(&mac.finalize().into_bytes())
}
