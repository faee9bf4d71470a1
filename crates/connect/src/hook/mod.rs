//! Who calls us: whether a partner's call is proven to be the partner's. What is compared is compared in the same time,
//! whatever is in it, and a call that says when it was signed is good for five minutes.
//!
//! Twilio: <https://www.twilio.com/docs/usage/security#validating-requests>.
//! SendGrid: <https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features>.
//! Mailgun: <https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/securing-webhooks>.
//! MessageBird: <https://developers.messagebird.com/api/#verifying-http-requests>.
//! Amazon SNS is in a module of its own, since it must be asked for its certificate.

mod certificates;
mod sns;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use graph::{
    Setting,
    hook::{Scheme, Verify},
    sign::{Encoding, Hmac, Mark},
};
use jiff::Timestamp;
use ring::{digest, hmac, signature};
pub(crate) use sns::Sns;
use url::form_urlencoded;

use crate::{Environment, secret::Secret, sign};

/// How far from now the moment of a signature may be, in seconds.
const MOST_AGE: i64 = 300;
/// How a public key on the curve P-256 begins (RFC 5480); the point follows.
const P256_HEAD: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86,
    0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];

/// A partner's call, as it came.
#[derive(Clone, Copy, Debug)]
pub struct Delivery<'a> {
    /// The HTTP method in capitals.
    pub method: &'a str,
    /// Path and query.
    pub target: &'a str,
    /// The headers, names in small letters.
    pub headers: &'a [(String, String)],
    /// The body, byte for byte.
    pub body: &'a [u8],
    /// How this server is reached from outside, without a slash at the end; none where nobody said it.
    pub public_url: Option<&'a str>,
}

/// What there is to read of a call that is the partner's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proven {
    /// The call, as it came.
    Whole,
    /// Instead of its body this one, which stood in it and is signed.
    Within(String),
    /// Nothing: it was about the calls themselves, and what it asked for is done.
    Settled,
}

/// Why a call is not taken for the partner's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unverified {
    /// It is not proven to be.
    Refused(String),
    /// What it is verified by is not to be had.
    Lacking(String),
}

impl<'a> Delivery<'a> {
    /// The first header of a name.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The parameters of the query.
    pub fn query(&self) -> Vec<(String, String)> {
        self.target.split_once('?').map_or_else(Vec::new, |(_, query)| pairs(query.as_bytes()))
    }

    /// The fields of the body, read as a form.
    pub fn form(&self) -> Vec<(String, String)> {
        pairs(self.body)
    }

    /// The addresses that the partner may have called: the one that the settings say, else what a proxy says and what the
    /// request was sent to.
    fn urls(&self) -> Vec<String> {
        if let Some(url) = self.public_url {
            return vec![format!("{url}{}", self.target)];
        }
        let hosts = ["x-forwarded-host", "host"].into_iter().filter_map(|name| self.header(name));
        let bare = |host: &str| host.split(':').next().unwrap_or_default().to_owned();
        let hosts: Vec<String> = hosts.flat_map(|host| [host.to_owned(), bare(host)]).collect();
        let url = |scheme: &'static str| hosts.iter().map(move |host| format!("{scheme}://{host}"));
        let target = self.target;
        url("https").chain(url("http")).map(|url| format!("{url}{target}")).collect()
    }

    fn needed(&self, header: &str) -> Result<&'a str, Unverified> {
        self.header(header).ok_or_else(|| refused(format!("it has no `{header}`")))
    }
}

/// Whether a call is the partner's, and what is to be read of it.
pub(crate) async fn verify(
    environment: &Environment,
    sns: &Sns,
    way: &Verify,
    call: &Delivery<'_>,
    now: Timestamp,
) -> Result<Proven, Unverified> {
    let (moment, now) = (now, now.as_second());
    let checked = match way {
        Verify::Nothing => Ok(()),
        Verify::Hmac(way) => by_hmac(way, find(environment, &way.key).await?.expose(), call, now),
        Verify::StandardWebhooks(key) => standard_webhooks(find(environment, key).await?.expose(), call, now),
        Verify::Header { name, key } => {
            same(call.needed(name)?, find(environment, key).await?.expose(), "the key is another")
        }
        Verify::Query { name, key } => {
            let given = call.query().into_iter().find(|(known, _)| **known == **name);
            let (_, given) = given.ok_or_else(|| refused(format!("its query has no `{name}`")))?;
            same(&given, find(environment, key).await?.expose(), "the key is another")
        }
        Verify::Basic { user, password } => {
            let user = find(environment, user).await?;
            let password = find(environment, password).await?;
            let wanted = crate::credentials::basic(user.expose(), password.expose());
            let given = call.needed("authorization")?;
            let given = given.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
            let (_, given) = given.ok_or_else(|| refused("it is not authorized by `Basic`"))?;
            same(given.trim(), wanted.expose(), "user or password is another")
        }
        Verify::Partner { scheme, key } => {
            let key = find(environment, key).await?;
            match scheme {
                Scheme::Twilio => twilio(key.expose(), call),
                Scheme::Sendgrid => sendgrid(key.expose(), call, now),
                Scheme::Mailgun => mailgun(key.expose(), call, now),
                Scheme::Messagebird => messagebird(key.expose(), call, now),
            }
        }
        Verify::Sns { topic } => {
            return sns.hear(find(environment, topic).await?.expose(), call, moment).await;
        }
    };
    checked.map(|()| Proven::Whole)
}

/// Whether a text is the one that the setting holds.
pub(crate) async fn shows(
    environment: &Environment,
    wanted: &Setting,
    shown: &str,
) -> Result<(), Unverified> {
    same(shown, find(environment, wanted).await?.expose(), "what is shown is another")
}

async fn find(environment: &Environment, setting: &Setting) -> Result<Secret, Unverified> {
    environment.value(setting).await.map_err(|lack| Unverified::Lacking(lack.reason))
}

fn refused(reason: impl Into<String>) -> Unverified {
    Unverified::Refused(reason.into())
}

fn forged() -> Unverified {
    refused("the signature does not fit what was sent")
}

/// Compares hashes of the two, which say nothing of where they differ.
fn same(given: &str, wanted: &str, otherwise: &str) -> Result<(), Unverified> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"compared");
    let wanted = hmac::sign(&key, wanted.as_bytes());
    hmac::verify(&key, given.as_bytes(), wanted.as_ref()).map_err(|_| refused(otherwise))
}

/// A moment in seconds since 1970, close to now.
fn recent(text: &str, now: i64) -> Result<(), Unverified> {
    let at: i64 =
        text.trim().parse().map_err(|_| refused("its moment is no number of seconds since 1970"))?;
    if now.abs_diff(at) > MOST_AGE.unsigned_abs() {
        return Err(refused("it was signed more than five minutes ago, or the clocks differ"));
    }
    Ok(())
}

fn by_hmac(way: &Hmac, key: &str, call: &Delivery<'_>, now: i64) -> Result<(), Unverified> {
    let given = call.needed(&way.header)?;
    let moment = way.timestamp.as_ref().map(|name| call.needed(name)).transpose()?;
    if let Some(moment) = moment {
        recent(moment, now)?;
    }
    let mut message = Vec::new();
    for mark in &way.over {
        match mark {
            Mark::Text(text) => message.extend_from_slice(text.as_bytes()),
            Mark::Timestamp => message.extend_from_slice(moment.unwrap_or_default().as_bytes()),
            Mark::Body => message.extend_from_slice(call.body),
            Mark::Method => message.extend_from_slice(call.method.as_bytes()),
            Mark::Path => message.extend_from_slice(call.target.as_bytes()),
            // The language gives this to what goes out alone.
            Mark::Id => {}
        }
    }
    let prefix: String = way
        .prefix
        .iter()
        .filter_map(|mark| match mark {
            Mark::Text(text) => Some(&**text),
            Mark::Timestamp | Mark::Body | Mark::Method | Mark::Path | Mark::Id => None,
        })
        .collect();
    let given = given.strip_prefix(prefix.as_str()).ok_or_else(forged)?;
    let given = match way.encoding {
        Encoding::Hex => unhex(given),
        Encoding::Base64 => STANDARD.decode(given).ok(),
    };
    let key = hmac::Key::new(sign::algorithm(way), key.as_bytes());
    hmac::verify(&key, &message, &given.ok_or_else(forged)?).map_err(|_| forged())
}

fn standard_webhooks(key: &str, call: &Delivery<'_>, now: i64) -> Result<(), Unverified> {
    let (id, moment) = (call.needed("webhook-id")?, call.needed("webhook-timestamp")?);
    let given = call.needed("webhook-signature")?;
    recent(moment, now)?;
    let keys = sign::keys(key).map_err(|reason| Unverified::Lacking(reason.to_owned()))?;
    let message = [id.as_bytes(), b".", moment.as_bytes(), b".", call.body].concat();
    let signatures =
        given.split_ascii_whitespace().filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
    let fits = |signature: &Vec<u8>| {
        keys.iter()
            .any(|key| hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, key), &message, signature).is_ok())
    };
    if signatures.collect::<Vec<_>>().iter().any(fits) { Ok(()) } else { Err(forged()) }
}

fn twilio(key: &str, call: &Delivery<'_>) -> Result<(), Unverified> {
    let given = STANDARD.decode(call.needed("x-twilio-signature")?).map_err(|_| forged())?;
    let is_form =
        call.header("content-type").unwrap_or_default().starts_with("application/x-www-form-urlencoded");
    let mut fields = if is_form { call.form() } else { Vec::new() };
    if !is_form && !call.body.is_empty() {
        // What is no form is signed by its hash in the URL.
        let hash = call.query().into_iter().find(|(name, _)| name == "bodySHA256");
        let (_, hash) = hash.ok_or_else(|| refused("its query has no `bodySHA256`"))?;
        if unhex(&hash).as_deref() != Some(digest::digest(&digest::SHA256, call.body).as_ref()) {
            return Err(forged());
        }
    }
    fields.sort();
    fields.dedup();
    let fields: String = fields.into_iter().map(|(name, value)| name + &value).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    let fits = |url: String| hmac::verify(&key, (url + &fields).as_bytes(), &given).is_ok();
    if call.urls().into_iter().any(fits) { Ok(()) } else { Err(forged()) }
}

fn sendgrid(key: &str, call: &Delivery<'_>, now: i64) -> Result<(), Unverified> {
    let given = call.needed("x-twilio-email-event-webhook-signature")?;
    let moment = call.needed("x-twilio-email-event-webhook-timestamp")?;
    recent(moment, now)?;
    let key = STANDARD.decode(key.trim()).ok();
    let point = key.as_deref().and_then(|key| key.strip_prefix(&P256_HEAD));
    let lacking = || Unverified::Lacking("the public key is none on the curve P-256, in base64".into());
    let key =
        signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_ASN1, point.ok_or_else(lacking)?);
    let given = STANDARD.decode(given).map_err(|_| forged())?;
    key.verify(&[moment.as_bytes(), call.body].concat(), &given).map_err(|_| forged())
}

fn mailgun(key: &str, call: &Delivery<'_>, now: i64) -> Result<(), Unverified> {
    let body: serde_json::Value = serde_json::from_slice(call.body).unwrap_or_default();
    let part = |name: &str| {
        let part = body.get("signature").and_then(|signature| signature.get(name)?.as_str());
        part.ok_or_else(|| refused(format!("its body has no `signature.{name}`")))
    };
    let (moment, token) = (part("timestamp")?, part("token")?);
    let given = unhex(part("signature")?).ok_or_else(forged)?;
    recent(moment, now)?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    hmac::verify(&key, [moment, token].concat().as_bytes(), &given).map_err(|_| forged())
}

fn messagebird(key: &str, call: &Delivery<'_>, now: i64) -> Result<(), Unverified> {
    let token = call.needed("messagebird-signature-jwt")?;
    let (signed, code) = token.rsplit_once('.').ok_or_else(forged)?;
    let (head, claims) = signed.split_once('.').ok_or_else(forged)?;
    let part = |text: &str| -> Option<serde_json::Value> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok()
    };
    // A token chooses nothing, least of all that it is not signed.
    let head = part(head).ok_or_else(forged)?;
    if head.get("alg").and_then(serde_json::Value::as_str) != Some("HS256") {
        return Err(refused("its token is not signed with HS256"));
    }
    let code = URL_SAFE_NO_PAD.decode(code).map_err(|_| forged())?;
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    hmac::verify(&key, signed.as_bytes(), &code).map_err(|_| forged())?;
    let claims = part(claims).ok_or_else(forged)?;
    let moment = |name: &str| claims.get(name).and_then(serde_json::Value::as_i64);
    let over = moment("exp").is_none_or(|end| now > end.saturating_add(1));
    if over || moment("nbf").is_some_and(|start| now < start.saturating_sub(MOST_AGE)) {
        return Err(refused("its token is over, or the clocks differ"));
    }
    let text = |name: &str| claims.get(name).and_then(serde_json::Value::as_str);
    let hash = |bytes: &[u8]| digest::digest(&digest::SHA256, bytes).as_ref().to_vec();
    let url = text("url_hash").and_then(unhex).ok_or_else(forged)?;
    if !call.urls().iter().any(|known| hash(known.as_bytes()) == url) {
        return Err(refused("its token is for another URL"));
    }
    match text("payload_hash").map(unhex) {
        None if call.body.is_empty() => Ok(()),
        Some(Some(payload)) if payload == hash(call.body) => Ok(()),
        None | Some(_) => Err(forged()),
    }
}

fn pairs(text: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(text).into_owned().collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    let byte = |pair: &[u8]| {
        u8::from_str_radix(std::str::from_utf8(pair).ok().filter(|pair| pair.len() == 2)?, 16).ok()
    };
    // A sign is no digit, though it may stand before a number.
    if !text.bytes().all(|letter| letter.is_ascii_hexdigit()) {
        return None;
    }
    digits.map(byte).collect()
}
