//! Functions that encode and decode: URLs, Base64, hashes, JSON.

mod base64;
mod base64_decode;
mod base64_url;
mod hex;
mod hmac_sha256;
mod html_escape;
mod md5;
mod parse_json;
mod sha1;
mod sha256;
mod url_decode;
mod url_encode;
mod uuid;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Function;
use crate::Value;

/// The functions, in the order of the manual.
pub(super) static FUNCTIONS: &[Function] = &[
    url_encode::FUNCTION,
    url_decode::FUNCTION,
    base64::FUNCTION,
    base64_url::FUNCTION,
    base64_decode::FUNCTION,
    hex::FUNCTION,
    html_escape::FUNCTION,
    sha256::FUNCTION,
    hmac_sha256::FUNCTION,
    sha1::FUNCTION,
    md5::FUNCTION,
    uuid::FUNCTION,
    parse_json::FUNCTION,
];

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes text for a segment of a path or a value of a query.
pub fn url(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Escapes text for HTML, between tags and in quoted attributes.
pub fn html(text: &str) -> String {
    let mut made = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => made.push_str("&amp;"),
            '<' => made.push_str("&lt;"),
            '>' => made.push_str("&gt;"),
            '"' => made.push_str("&quot;"),
            '\'' => made.push_str("&#39;"),
            other => made.push(other),
        }
    }
    made
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The text whose UTF-8 bytes these are, `null` without one; the NUL character is in no text of the language.
fn text_of(bytes: Vec<u8>) -> Value {
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0')).map_or(Value::Null, Value::from)
}
