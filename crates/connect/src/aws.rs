//! AWS Signature Version 4: a code over the whole request, by a key that is good for one day, region and service.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use std::fmt::Write as _;

use graph::{CallError, auth::Aws};
use jiff::{Timestamp, tz::TimeZone};
use ring::{digest, hmac};
use url::{Url, form_urlencoded};

use crate::{
    partner::Here,
    secret::{MASK, Secret},
    sign::{Message, hex},
};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The one service that does not encode paths a second time.
const STORAGE: &str = "s3";

/// Who signs, for which service.
struct Signer<'a> {
    access_key: &'a str,
    /// None where a signature is only shown.
    secret_key: Option<&'a str>,
    session_token: Option<&'a str>,
    region: &'a str,
    service: &'a str,
}

/// The headers that sign a message now. What was used for that is added to what must not come back.
pub(crate) async fn headers(
    here: &Here,
    way: &Aws,
    message: &Message<'_>,
    sent: &mut Vec<Secret>,
) -> Result<Vec<(String, String)>, CallError> {
    let access_key = here.credential(&way.access_key, sent).await?;
    let secret_key = here.credential(&way.secret_key, sent).await?;
    let session_token = match &way.session_token {
        Some(token) => Some(here.credential(token, sent).await?),
        None => None,
    };
    let region = here.credential(&way.region, sent).await?;
    let service = here.credential(&way.service, sent).await?;
    let signer = Signer {
        access_key: access_key.expose(),
        secret_key: Some(secret_key.expose()),
        session_token: session_token.as_ref().map(Secret::expose),
        region: region.expose(),
        service: service.expose(),
    };
    Ok(signer.sign(message, Timestamp::now()))
}

/// The headers as a preview shows them.
pub(crate) fn preview(here: &Here, way: &Aws, message: &Message<'_>) -> Vec<(String, String)> {
    let [access_key, region, service] =
        [&way.access_key, &way.region, &way.service].map(|setting| here.shown(setting));
    let signer = Signer {
        access_key: &access_key,
        secret_key: None,
        session_token: way.session_token.as_ref().map(|_| MASK),
        region: &region,
        service: &service,
    };
    signer.sign(message, Timestamp::now())
}

impl Signer<'_> {
    fn sign(&self, message: &Message<'_>, now: Timestamp) -> Vec<(String, String)> {
        let moment = now.to_zoned_datetime(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string();
        let day = moment.split('T').next().unwrap_or_default();
        let scope = format!("{day}/{}/{}/aws4_request", self.region, self.service);
        let mut signed = vec![("host", host(message.url)), ("x-amz-date", moment.clone())];
        signed.extend(self.session_token.map(|token| ("x-amz-security-token", token.to_owned())));
        let content_type = message.request.body.as_ref().map(|(kind, _)| kind.trim().to_owned());
        signed.extend(content_type.map(|kind| ("content-type", kind)));
        signed.sort();
        let names: Vec<&str> = signed.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let lines: String = signed.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
        let canonical = format!(
            "{}\n{}\n{}\n{lines}\n{names}\n{}",
            message.request.method,
            self.path(message.url),
            query(message.url),
            hash(message.body())
        );
        let text = format!("{ALGORITHM}\n{moment}\n{scope}\n{}", hash(&canonical));
        let signature = match self.secret_key {
            Some(key) => {
                let first = format!("AWS4{key}");
                let words = [day, self.region, self.service, "aws4_request", &text];
                let code = words.iter().fold(first.into_bytes(), |key, word| code(&key, word));
                hex(&code)
            }
            None => MASK.to_owned(),
        };
        let proof = format!(
            "{ALGORITHM} Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
            self.access_key
        );
        let header = |name: &str, value: String| (name.to_owned(), value);
        let mut headers = vec![header("X-Amz-Date", moment), header("Authorization", proof)];
        headers.extend(self.session_token.map(|token| header("X-Amz-Security-Token", token.to_owned())));
        headers
    }

    /// The path as it is sent, encoded once more.
    fn path(&self, url: &Url) -> String {
        if self.service == STORAGE {
            return url.path().to_owned();
        }
        url.path().split('/').map(|part| encoded(part.as_bytes())).collect::<Vec<_>>().join("/")
    }
}

/// As the client writes it: a port only where it is not the usual one.
fn host(url: &Url) -> String {
    let name = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| name.to_owned(), |port| format!("{name}:{port}"))
}

/// The parameters, each encoded in the one way that counts, in order.
fn query(url: &Url) -> String {
    // A plus sign is none but itself here, so it is not read as a space.
    let text = url.query().unwrap_or_default().replace('+', "%2B");
    let pairs = form_urlencoded::parse(text.as_bytes());
    let mut pairs: Vec<(String, String)> =
        pairs.map(|(name, value)| (encoded(name.as_bytes()), encoded(value.as_bytes()))).collect();
    pairs.sort();
    pairs.into_iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&")
}

fn encoded(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            // Writing to a text cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

fn hash(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

fn code(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use graph::Request;
    use uuid::Uuid;

    use super::*;

    /// The signature of a request by the key of the test suite that AWS publishes for Signature Version 4, at its moment.
    fn signature(method: &str, url: &str, body: Option<(&str, &str)>) -> String {
        let request = Request {
            connection: "a".into(),
            method: method.into(),
            path: String::new(),
            headers: Vec::new(),
            body: body.map(|(kind, body)| (kind.into(), body.to_owned())),
            text: None,
        };
        let url: Url = url.parse().unwrap_or_else(|error| panic!("{error}"));
        let signer = Signer {
            access_key: "AKIDEXAMPLE",
            secret_key: Some("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            session_token: None,
            region: "us-east-1",
            service: "service",
        };
        let now: Timestamp = "2015-08-30T12:36:00Z".parse().unwrap_or_else(|error| panic!("{error}"));
        let message = Message { request: &request, url: &url, id: Uuid::nil() };
        let headers = signer.sign(&message, now);
        let proof = headers.iter().find(|(name, _)| name == "Authorization").map(|(_, value)| value.clone());
        let proof = proof.unwrap_or_default();
        let begin =
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=";
        assert!(proof.starts_with(begin), "{proof}");
        proof.rsplit('=').next().unwrap_or_default().to_owned()
    }

    #[test]
    fn requests_are_signed_as_in_the_published_test_suite() {
        let url = "https://example.amazonaws.com/";
        // get-vanilla
        assert_eq!(
            signature("GET", url, None),
            "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        );
        // get-vanilla-query-order-key-case
        assert_eq!(
            signature("GET", &format!("{url}?Param2=value2&Param1=value1"), None),
            "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"
        );
        // get-vanilla-query-unreserved
        let unreserved = "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        assert_eq!(
            signature("GET", &format!("{url}?{unreserved}={unreserved}"), None),
            "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197"
        );
        // post-vanilla
        assert_eq!(
            signature("POST", url, None),
            "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
        );
        // post-vanilla-query
        assert_eq!(
            signature("POST", &format!("{url}?Param1=value1"), None),
            "28038455d6de14eafc1f9222cf5aa6f1a96197d7deb8263271d420d138af7f11"
        );
        // post-x-www-form-urlencoded
        assert_eq!(
            signature("POST", url, Some(("application/x-www-form-urlencoded", "Param1=value1"))),
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"
        );
    }

    #[test]
    fn paths_are_encoded_twice_and_parameters_once() {
        let url: Url = "https://a.example.com:8443/v2/a%20b/c?b=%2F+x&a"
            .parse()
            .unwrap_or_else(|error| panic!("{error}"));
        let signer =
            Signer { access_key: "", secret_key: None, session_token: None, region: "", service: "ses" };
        assert_eq!(signer.path(&url), "/v2/a%2520b/c");
        assert_eq!(Signer { service: STORAGE, ..signer }.path(&url), "/v2/a%20b/c");
        assert_eq!(query(&url), "a=&b=%2F%2Bx");
        assert_eq!(host(&url), "a.example.com:8443");
    }
}
