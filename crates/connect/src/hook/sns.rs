//! Amazon SNS calls us: what it sends is an envelope of JSON that is signed and names the certificate for it.
//!
//! What comes in: a call. What goes out: the message in the envelope, or that the call is not proven to be of the topic.
//! A question whether we want to be told is answered by visiting the address that it gives, so that nobody need do it by hand.
//! Deliberately absent: raw delivery, of which nothing is signed.
//!
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html>

use std::{collections::VecDeque, sync::Arc};

use base64::{Engine, engine::general_purpose::STANDARD};
use jiff::Timestamp;
use ring::signature::{
    self, RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaParameters,
};
use serde_json::Value as Json;
use url::{Host, Url};

use super::{
    Delivery, Proven, Unverified,
    certificates::{Certificates, Visitor},
    forged, refused,
};

/// How old a message may be, in seconds: Amazon advises an hour, which is as long as it repeats what was not answered.
const MOST_AGE: i64 = 3_600;
/// How far ahead of ours its clock may be, in seconds.
const MOST_AHEAD: i64 = 300;
/// How many confirmations are remembered, so that none that is told again makes us visit again.
const REMEMBERED: usize = 64;
/// What SES publishes, as plain text, when it is given a topic.
const SES_GREETS: &str = "Successfully validated SNS topic for Amazon SES";

/// Who hears SNS.
#[derive(Default)]
pub(crate) struct Sns {
    visitor: Arc<Visitor>,
    certificates: Certificates,
    /// The ids of the questions that were answered.
    confirmed: tokio::sync::Mutex<VecDeque<String>>,
}

/// What an envelope is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Notification,
    /// Whether we want to be told.
    Subscription,
    /// That we are not told any more.
    Unsubscription,
}

impl Kind {
    /// The fields that are signed, in the order in which they are.
    fn signed(self) -> &'static [&'static str] {
        match self {
            Kind::Notification => &["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
            Kind::Subscription | Kind::Unsubscription => {
                &["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"]
            }
        }
    }
}

impl Sns {
    /// Hears a call that should be of a topic.
    pub(super) async fn hear(
        &self,
        topic: &str,
        call: &Delivery<'_>,
        now: Timestamp,
    ) -> Result<Proven, Unverified> {
        let envelope = Envelope::read(call.body)?;
        // What costs nothing comes first: who knows neither topic nor time cannot have us fetch anything.
        if envelope.needed("TopicArn")? != topic {
            return Err(refused("it is of another topic"));
        }
        envelope.recent(now)?;
        let address = of_sns(envelope.needed("SigningCertURL")?, "SigningCertURL")?;
        if !address.path().ends_with(".pem") {
            return Err(refused("its `SigningCertURL` is none of a certificate"));
        }
        let (way, signature) = envelope.signature()?;
        let certificate = self.certificates.get(&self.visitor, &address).await?;
        certificate.valid(now).map_err(refused)?;
        let key = signature::UnparsedPublicKey::new(way, certificate.key());
        key.verify(envelope.canonical()?.as_bytes(), &signature).map_err(|_| forged())?;
        match envelope.kind {
            Kind::Notification => {
                let message = envelope.needed("Message")?;
                if message.starts_with(SES_GREETS) {
                    tracing::info!(topic, "SES publishes its events to the topic of a webhook");
                    return Ok(Proven::Settled);
                }
                Ok(Proven::Within(message.to_owned()))
            }
            Kind::Subscription => self.confirm(&envelope, topic).await,
            Kind::Unsubscription => {
                tracing::warn!(
                    topic,
                    "SNS does not tell a webhook of the topic any more; subscribe it again if that is not meant"
                );
                Ok(Proven::Settled)
            }
        }
    }

    /// Says yes, once however often it is asked: whoever asks at the same moment waits for the same answer.
    async fn confirm(&self, envelope: &Envelope, topic: &str) -> Result<Proven, Unverified> {
        let address = of_sns(envelope.needed("SubscribeURL")?, "SubscribeURL")?;
        let id = envelope.needed("MessageId")?;
        let mut confirmed = self.confirmed.lock().await;
        if confirmed.iter().any(|known| known == id) {
            return Ok(Proven::Settled);
        }
        let answer = self.visitor.visit(address).await.map_err(|error| {
            Unverified::Lacking(format!("the subscription cannot be confirmed: {}", error.reason))
        })?;
        if !(200..300).contains(&answer.status) {
            let reason = format!("SNS answered {} to the confirmation of the subscription", answer.status);
            return Err(Unverified::Lacking(reason));
        }
        tracing::info!(topic, "a subscription to the topic of a webhook is confirmed");
        confirmed.push_back(id.to_owned());
        if confirmed.len() > REMEMBERED {
            confirmed.pop_front();
        }
        Ok(Proven::Settled)
    }
}

/// What SNS wraps a message in.
struct Envelope {
    kind: Kind,
    fields: Json,
}

impl Envelope {
    fn read(body: &[u8]) -> Result<Envelope, Unverified> {
        let raw = "it is no envelope of SNS; raw message delivery must be off, for then nothing is signed";
        let fields: Json = serde_json::from_slice(body).map_err(|_| refused(raw))?;
        let kind = match fields.get("Type").and_then(Json::as_str) {
            Some("Notification") => Kind::Notification,
            Some("SubscriptionConfirmation") => Kind::Subscription,
            Some("UnsubscribeConfirmation") => Kind::Unsubscription,
            Some(_) => return Err(refused("its `Type` is none that SNS has")),
            None => return Err(refused(raw)),
        };
        Ok(Envelope { kind, fields })
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.fields.get(name).and_then(Json::as_str)
    }

    fn needed(&self, name: &str) -> Result<&str, Unverified> {
        self.text(name).ok_or_else(|| refused(format!("it has no `{name}`")))
    }

    fn recent(&self, now: Timestamp) -> Result<(), Unverified> {
        let at: Timestamp = self
            .needed("Timestamp")?
            .parse()
            .map_err(|_| refused("its `Timestamp` is no moment such as 2026-03-01T10:00:00Z"))?;
        let age = now.as_second() - at.as_second();
        if (-MOST_AHEAD..=MOST_AGE).contains(&age) {
            Ok(())
        } else {
            Err(refused("it was signed more than an hour ago, or the clocks differ"))
        }
    }

    /// By which way it is signed, and the signature.
    fn signature(&self) -> Result<(&'static RsaParameters, Vec<u8>), Unverified> {
        let way = match self.needed("SignatureVersion")? {
            // What a topic has that was not told otherwise.
            "1" => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            "2" => &RSA_PKCS1_2048_8192_SHA256,
            _ => return Err(refused("its `SignatureVersion` is neither 1 nor 2")),
        };
        Ok((way, STANDARD.decode(self.needed("Signature")?).map_err(|_| forged())?))
    }

    /// The text that is signed: name and value of each field, each on a line.
    fn canonical(&self) -> Result<String, Unverified> {
        let mut text = String::new();
        for name in self.kind.signed() {
            let value = match self.text(name) {
                Some(value) => value,
                // The only one that may be missing.
                None if *name == "Subject" => continue,
                None => return Err(refused(format!("it has no `{name}`"))),
            };
            for line in [name, value] {
                text.push_str(line);
                text.push('\n');
            }
        }
        Ok(text)
    }
}

/// An address that the call names, if it is one of SNS itself: else whoever calls would choose whom we believe.
fn of_sns(text: &str, field: &str) -> Result<Url, Unverified> {
    let wrong =
        || refused(format!("its `{field}` is no address such as https://sns.eu-central-1.amazonaws.com/…"));
    let url = Url::parse(text).map_err(|_| wrong())?;
    let plain = url.scheme() == "https"
        && url.port().is_none()
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none();
    let Some(Host::Domain(host)) = url.host() else { return Err(wrong()) };
    let host = host.strip_suffix(".cn").unwrap_or(host);
    let region = host.strip_prefix("sns.").and_then(|rest| rest.strip_suffix(".amazonaws.com"));
    let named = |region: &str| {
        let fits = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        !region.is_empty() && region.chars().all(fits)
    };
    if plain && region.is_some_and(named) { Ok(url) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_sns_are_believed() {
        for good in [
            "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123.pem",
            "https://sns.us-gov-west-1.amazonaws.com:443/a.pem",
            "https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-0123.pem",
            "https://SNS.us-east-1.AMAZONAWS.com/?Action=ConfirmSubscription&Token=1",
        ] {
            assert!(of_sns(good, "SigningCertURL").is_ok(), "{good}");
        }
        for bad in [
            "http://sns.eu-central-1.amazonaws.com/a.pem",
            "https://sns.eu-central-1.amazonaws.com.example.com/a.pem",
            "https://sns.eu-central-1.amazonaws.com@example.com/a.pem",
            "https://user@sns.eu-central-1.amazonaws.com/a.pem",
            "https://sns.eu-central-1.amazonaws.com:8443/a.pem",
            "https://sns.eu-central-1.amazonaws.com/a.pem#b",
            "https://sns.amazonaws.com/a.pem",
            "https://sns..amazonaws.com/a.pem",
            "https://sns.bucket.s3.amazonaws.com/a.pem",
            "https://bucket.s3.amazonaws.com/sns.eu-central-1.amazonaws.com/a.pem",
            "https://sns.eu-central-1.amazonaws.org/a.pem",
            "https://xsns.eu-central-1.amazonaws.com/a.pem",
            "https://127.0.0.1/a.pem",
            "https:///a.pem",
            "sns.eu-central-1.amazonaws.com/a.pem",
        ] {
            assert!(of_sns(bad, "SigningCertURL").is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_signed_is_written_as_the_manual_has_it() {
        let read = |json: Json| Envelope::read(json.to_string().as_bytes()).and_then(|read| read.canonical());
        // The examples of "Verifying the signatures of Amazon SNS messages".
        let mut message = serde_json::json!({
            "Type": "Notification",
            "MessageId": "4d4dc071-ddbf-465d-bba8-08f81c89da64",
            "TopicArn": "arn:aws:sns:us-east-2:123456789012:s4-MySNSTopic-1G1WEFCOXTC0P",
            "Subject": "My subject",
            "Message": "My Test Message",
            "Timestamp": "2019-01-31T04:37:04.321Z"
        });
        let with = "Message\nMy Test Message\nMessageId\n4d4dc071-ddbf-465d-bba8-08f81c89da64\nSubject\nMy subject\nTimestamp\n2019-01-31T04:37:04.321Z\nTopicArn\narn:aws:sns:us-east-2:123456789012:s4-MySNSTopic-1G1WEFCOXTC0P\nType\nNotification\n";
        assert_eq!(read(message.clone()), Ok(with.to_owned()));
        message["Subject"] = Json::Null;
        assert_eq!(read(message.clone()), Ok(with.replace("Subject\nMy subject\n", "")));
        message["Type"] = "SubscriptionConfirmation".into();
        assert_eq!(read(message.clone()), Err(refused("it has no `SubscribeURL`")));
        message["SubscribeURL"] = "https://sns.us-east-2.amazonaws.com/".into();
        message["Token"] = "2336412f37".into();
        let asks = read(message).unwrap_or_default();
        assert!(asks.starts_with("Message\nMy Test Message\nMessageId\n4d4d"), "{asks}");
        assert!(asks.contains("\nSubscribeURL\nhttps://sns.us-east-2.amazonaws.com/\nTimestamp\n"), "{asks}");
        assert!(asks.contains("Z\nToken\n2336412f37\nTopicArn\n") && !asks.contains("Subject\n"), "{asks}");
    }
}
