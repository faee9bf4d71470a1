//! Functions that encode and decode: URLs, Base64, hashes, JSON.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use sha2::{Digest, Sha256};

use super::{Fault, Function, Shape, functions, text::bounded};
use crate::{Value, json};

const T: Shape = Shape::Text;

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

pub(super) const FUNCTIONS: &[Function] = functions![
    "urlEncode" method ("text": T) -> T, "The text percent-encoded for a URL.",
        ["\"a b&c\".urlEncode()" => "\"a%20b%26c\""],
        |call| bounded(url(&call.text(0)?));
    "base64" method ("text": T) -> T, "The text's UTF-8 bytes in Base64.",
        ["\"ada\".base64()" => "\"YWRh\""],
        |call| bounded(STANDARD.encode(call.text(0)?.as_bytes()));
    "sha256" method ("text": T) -> T, "The SHA-256 of the text's UTF-8 bytes, in hexadecimal.",
        ["\"ada\".sha256().substring(0, 8)" => "\"fdee430d\""],
        |call| Ok(Value::from(hex(&Sha256::digest(call.text(0)?.as_bytes()))));
    "hmacSha256" method ("text": T; "key": T) -> T, "The HMAC-SHA-256 of the text under a key, in hexadecimal.",
        ["\"ada\".hmacSha256(\"k\").length()" => "64"],
        |call| {
            let mut mac = Hmac::<Sha256>::new_from_slice(call.text(1)?.as_bytes())
                .map_err(|_| Fault::new("not a key"))?;
            mac.update(call.text(0)?.as_bytes());
            Ok(Value::from(hex(&mac.finalize().into_bytes())))
        };
    "toJson" method ("value": Shape::Any) -> T, "The value as JSON text.",
        ["[1, 2].toJson()" => "\"[1,2]\""],
        |call| bounded(json::write(&call.value(0)));
    "parseJson" method ("text": T) -> Shape::Json, "The value of JSON text; anything else is an error.",
        ["\"[1, 2]\".parseJson()" => "[1,2]"],
        |call| {
            let tree = serde_json::from_str(&call.text(0)?).map_err(|error| Fault(format!("not JSON: {error}")))?;
            json::read(&tree).map_err(Fault)
        };
];

/// Percent-encodes text for a segment of a path or a value of a query.
pub fn url(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
