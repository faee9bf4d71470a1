//! Signatures: a message authentication code over exactly the bytes that are sent.
//!
//! Standard Webhooks: <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>.

use base64::{Engine, engine::general_purpose::STANDARD};
use graph::{
    Auth, CallError, ErrorKind, Request, Setting, Sign,
    sign::{Algorithm, Encoding, Hmac, Mark},
};
use jiff::Timestamp;
use reqwest::header::{HeaderName, HeaderValue};
use ring::hmac;
use url::{Position, Url};
use uuid::Uuid;

use crate::{
    attempt::{header_name, header_value},
    aws,
    partner::Here,
    secret::{MASK, Secret},
};

/// What is signed.
pub(crate) struct Message<'a> {
    pub(crate) request: &'a Request,
    /// Where it goes, credentials in the query among it.
    pub(crate) url: &'a Url,
    /// The `Idempotency-Key`.
    pub(crate) id: Uuid,
}

impl Message<'_> {
    /// The body, empty where there is none.
    pub(crate) fn body(&self) -> &str {
        self.request.body.as_ref().map_or("", |(_, body)| body)
    }

    /// Marks in their places, one after the other.
    fn write(&self, marks: &[Mark], now: i64) -> String {
        let mark = |mark: &Mark| match mark {
            Mark::Text(text) => text.to_string(),
            Mark::Timestamp => now.to_string(),
            Mark::Body => self.body().to_owned(),
            Mark::Method => self.request.method.to_string(),
            Mark::Path => self.url[Position::BeforePath..Position::AfterQuery].to_owned(),
            Mark::Id => self.id.to_string(),
        };
        marks.iter().map(mark).collect()
    }
}

/// The headers that sign a message now. What was used for that is added to what must not come back.
pub(crate) async fn headers(
    here: &Here,
    message: &Message<'_>,
    sent: &mut Vec<Secret>,
) -> Result<Vec<(HeaderName, HeaderValue)>, CallError> {
    let now = Timestamp::now().as_second();
    let named = match &here.connection.sign {
        None => Vec::new(),
        Some(Sign::Hmac(way)) => {
            let key = here.credential(&way.key, sent).await?;
            let code = code(way, key.expose(), message.write(&way.over, now).as_bytes());
            signed(way, message, now, &code)
        }
        Some(Sign::StandardWebhooks(secret)) => {
            let keys = secret_keys(here, secret, sent).await?;
            let text = format!("{}.{now}.{}", message.id, message.body());
            let one = |key: &Vec<u8>| {
                let key = hmac::Key::new(hmac::HMAC_SHA256, key);
                format!("v1,{}", STANDARD.encode(hmac::sign(&key, text.as_bytes())))
            };
            webhook(message.id, now, &keys.iter().map(one).collect::<Vec<_>>().join(" "))
        }
    };
    let named = match &here.connection.auth {
        Auth::Aws(way) => named.into_iter().chain(aws::headers(here, way, message, sent).await?).collect(),
        Auth::None
        | Auth::Basic { .. }
        | Auth::Bearer(_)
        | Auth::HeaderKey { .. }
        | Auth::QueryKey { .. }
        | Auth::OAuth2(_)
        | Auth::Jwt(_)
        | Auth::Token(_) => named,
    };
    named.into_iter().map(|(name, value)| Ok((header_name(&name)?, header_value(&value)?))).collect()
}

/// The headers as a preview shows them.
pub(crate) fn preview(here: &Here, message: &Message<'_>) -> Vec<(String, String)> {
    let now = Timestamp::now().as_second();
    match &here.connection.sign {
        None => Vec::new(),
        Some(Sign::Hmac(way)) => signed(way, message, now, MASK),
        Some(Sign::StandardWebhooks(_)) => webhook(message.id, now, &format!("v1,{MASK}")),
    }
}

fn signed(way: &Hmac, message: &Message<'_>, now: i64, code: &str) -> Vec<(String, String)> {
    let mut headers = vec![(way.header.to_string(), format!("{}{code}", message.write(&way.prefix, now)))];
    headers.extend(way.timestamp.iter().map(|name| (name.to_string(), now.to_string())));
    headers
}

fn webhook(id: Uuid, now: i64, signatures: &str) -> Vec<(String, String)> {
    let header = |name: &str, value: String| (name.to_owned(), value);
    vec![
        header("webhook-id", id.to_string()),
        header("webhook-timestamp", now.to_string()),
        header("webhook-signature", signatures.to_owned()),
    ]
}

fn code(way: &Hmac, key: &str, message: &[u8]) -> String {
    let tag = hmac::sign(&hmac::Key::new(algorithm(way), key.as_bytes()), message);
    match way.encoding {
        Encoding::Hex => hex(tag.as_ref()),
        Encoding::Base64 => STANDARD.encode(tag),
    }
}

/// Bytes as hexadecimal digits, in small letters.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The hash function of a code.
pub(crate) fn algorithm(way: &Hmac) -> hmac::Algorithm {
    match way.algorithm {
        Algorithm::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Algorithm::Sha256 => hmac::HMAC_SHA256,
        Algorithm::Sha512 => hmac::HMAC_SHA512,
    }
}

async fn secret_keys(
    here: &Here,
    secret: &Setting,
    sent: &mut Vec<Secret>,
) -> Result<Vec<Vec<u8>>, CallError> {
    let text = here.credential(secret, sent).await?;
    sent.extend(text.expose().split_ascii_whitespace().map(Secret::new));
    keys(text.expose()).map_err(|reason| CallError::new(ErrorKind::Auth, reason))
}

/// The keys in a text: `whsec_` and base64, separated by spaces, so that a new one can be given before the old one goes.
///
/// # Errors
/// When it is no such text; the reason holds nothing of it.
pub(crate) fn keys(text: &str) -> Result<Vec<Vec<u8>>, &'static str> {
    let key = |word: &str| STANDARD.decode(word.strip_prefix("whsec_")?).ok().filter(|key| !key.is_empty());
    let keys: Option<Vec<Vec<u8>>> = text.split_ascii_whitespace().map(key).collect();
    keys.filter(|keys| !keys.is_empty()).ok_or(
        "the secret of the signature is not `whsec_` and base64, or several of them with spaces between",
    )
}
