//! Webhooks: what partners tell us of messages, who they prove to be, and which reactions it is.

use std::sync::Arc;

use crate::{Expr, Name, RecordType, Setting, Type, sign::Hmac};

/// What a partner tells us, when it calls us.
#[derive(Clone, Debug, PartialEq)]
pub struct Webhook {
    /// Its name, the last part of its path.
    pub name: Name,
    /// How the partner proves that it is the one who calls.
    pub verify: Verify,
    /// What the partner must show before it is told that we are here (`hub.verify_token` of Meta); none for one that
    /// does not ask.
    pub challenge: Option<Setting>,
    /// The body.
    pub shape: Shape,
    /// The parameters of the query: texts.
    pub query: Arc<RecordType>,
    /// A list of which each item is looked at, by the name [`ITEM`]; without it the request is looked at once.
    pub each: Option<Expr>,
    /// The text that names the message (`links.token`), or null where it is about none of ours.
    pub message: Expr,
    /// What the partner knows this news by: the same again is not news. Without it the content is what counts.
    pub id: Option<Expr>,
    /// When it happened; now, where it is not said.
    pub at: Option<Expr>,
    /// What may have happened; the first whose condition holds is it.
    pub reactions: Vec<Reaction>,
    /// Its doc comment.
    pub doc: Option<Name>,
}

/// What an item of a list is called in the expressions of a webhook.
pub const ITEM: &str = "it";
/// What the body is called.
pub const BODY: &str = "body";
/// What the parameters of the query are called.
pub const QUERY: &str = "query";

/// What is read of a body.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Nothing.
    Nothing,
    /// JSON of this type.
    Json(Type),
    /// `application/x-www-form-urlencoded` fields: texts.
    Form(Arc<RecordType>),
}

/// Something that may have happened to a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Reaction {
    /// One of [`crate::REACTIONS`].
    pub reaction: Name,
    /// When it did.
    pub condition: Expr,
    /// What is told of it: properties of the event, by name.
    pub told: Vec<(Name, Expr)>,
}

/// How a partner proves that it is the one who calls.
#[derive(Clone, Debug, PartialEq)]
pub enum Verify {
    /// Not at all.
    Nothing,
    /// A message authentication code in a header.
    Hmac(Box<Hmac>),
    /// As Standard Webhooks says, by any of the secrets of a text, separated by spaces.
    StandardWebhooks(Setting),
    /// A key in a header.
    Header {
        /// The header's name.
        name: Name,
        /// The key.
        key: Setting,
    },
    /// A key in the query.
    Query {
        /// The parameter's name.
        name: Name,
        /// The key.
        key: Setting,
    },
    /// HTTP basic authentication (RFC 7617).
    Basic {
        /// The user.
        user: Setting,
        /// The password.
        password: Setting,
    },
    /// As Amazon SNS signs: with a key of its own, whose certificate it names.
    Sns {
        /// The ARN of the topic. SNS signs for everybody's topics, so another one's messages are refused.
        topic: Setting,
    },
    /// As one of these partners signs.
    Partner {
        /// Which.
        scheme: Scheme,
        /// The key, as the partner gives it.
        key: Setting,
    },
}

/// A partner with a way of its own to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// HMAC-SHA1 over the URL and the sorted fields of the form, in `X-Twilio-Signature`.
    Twilio,
    /// ECDSA on P-256 over moment and body; the key is public.
    Sendgrid,
    /// HMAC-SHA256 over a moment and a token that stand in the body.
    Mailgun,
    /// A JSON Web Token, HS256, over hashes of URL and body.
    Messagebird,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: [Scheme; 4] = [Scheme::Twilio, Scheme::Sendgrid, Scheme::Mailgun, Scheme::Messagebird];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Scheme::Twilio => "twilio",
            Scheme::Sendgrid => "sendgrid",
            Scheme::Mailgun => "mailgun",
            Scheme::Messagebird => "messagebird",
        }
    }
}

impl Verify {
    /// What it needs to know.
    pub fn settings(&self) -> Vec<&Setting> {
        match self {
            Verify::Nothing => Vec::new(),
            Verify::Hmac(hmac) => vec![&hmac.key],
            Verify::StandardWebhooks(key)
            | Verify::Header { key, .. }
            | Verify::Query { key, .. }
            | Verify::Partner { key, .. } => vec![key],
            Verify::Sns { topic } => vec![topic],
            Verify::Basic { user, password } => vec![user, password],
        }
    }
}

impl Webhook {
    /// What it needs to know.
    pub fn settings(&self) -> Vec<&Setting> {
        self.verify.settings().into_iter().chain(&self.challenge).collect()
    }
}
