//! Functions that encode and decode: URLs, Base64, hashes, JSON.

mod base64;
mod hmac_sha256;
mod parse_json;
mod sha256;
mod url_encode;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::Function;

/// The functions, in the order of the manual.
pub(super) static FUNCTIONS: &[Function] =
    &[url_encode::FUNCTION, base64::FUNCTION, sha256::FUNCTION, hmac_sha256::FUNCTION, parse_json::FUNCTION];

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Percent-encodes text for a segment of a path or a value of a query.
pub fn url(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
