//! A connection and its settings.

use super::{super::At, Ident, RequestParts, Text};

#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) name: Ident,
    pub(crate) url: Option<Setting>,
    /// Where its mail server is, instead of `url`.
    pub(crate) smtp: Option<Setting>,
    pub(crate) from: Option<Setting>,
    pub(crate) dkim: Option<Parts>,
    pub(crate) auth: Option<(At, Auth)>,
    pub(crate) sign: Option<Sign>,
    pub(crate) tls: Option<Parts>,
    pub(crate) each: Option<(At, i64)>,
    pub(crate) total: Option<(At, i64)>,
    pub(crate) retry: Option<(At, graph::Retry)>,
    /// After what, if it is said.
    pub(crate) retry_on: Option<graph::RetryOn>,
    pub(crate) at_once: Option<(At, u32)>,
    pub(crate) throttle: Option<(At, graph::Rate)>,
    pub(crate) cap: Option<(At, graph::Rate)>,
    pub(crate) breaker: Option<(At, graph::Breaker)>,
    pub(crate) private: Vec<Text>,
}

/// A text that is written, or named to be found elsewhere.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) at: At,
    pub(crate) source: SettingSource,
    pub(crate) text: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SettingSource {
    Text,
    Env,
    Secret,
}

#[derive(Debug)]
pub(crate) enum Auth {
    None,
    Bearer(Setting),
    Parts(Parts),
    Token(Box<TokenCall>),
}

/// `token { … }`: a request that is answered with a token.
#[derive(Debug)]
pub(crate) struct TokenCall {
    pub(crate) way: Ident,
    pub(crate) method: Ident,
    pub(crate) url: Setting,
    pub(crate) sent: RequestParts,
    pub(crate) token: Option<(At, Found)>,
    pub(crate) expires: Option<(At, Expires)>,
    pub(crate) send: Option<(At, SendAs)>,
}

/// Where a token is in the answer.
#[derive(Debug)]
pub(crate) enum Found {
    Field(Text),
    Header(Text),
}

/// How long a token lives.
#[derive(Debug)]
pub(crate) enum Expires {
    /// So many microseconds.
    Fixed(i64),
    /// As the answer says, in units of so many microseconds.
    Field(Text, i64),
}

/// How a token is sent.
#[derive(Debug)]
pub(crate) enum SendAs {
    Bearer,
    Header(Text, Text),
    Query(Text),
}

#[derive(Debug)]
pub(crate) enum Sign {
    Hmac(Parts),
    StandardWebhooks(Setting),
}

/// `basic { … }` and the like: a way, and what it needs by name.
#[derive(Debug)]
pub(crate) struct Parts {
    pub(crate) way: Ident,
    pub(crate) given: Vec<(Ident, Setting)>,
    /// Those whose values are words, as `send: body` of `oauth2`.
    pub(crate) words: Vec<(Ident, Ident)>,
}

impl Parts {
    /// The names of the parts that a way may have.
    pub(crate) fn names_of(way: &str) -> &'static [&'static str] {
        match way {
            "basic" => &["user", "password"],
            "bearer" => &["token"],
            "api_key" => &["header", "query", "key"],
            "oauth2" => &[
                "token_url",
                "client_id",
                "client_secret",
                "send",
                "scope",
                "audience",
                "refresh_token",
                "private_key",
                "key_id",
                "assertion_for",
                "grant",
                "subject",
            ],
            "aws" => &["access_key", "secret_key", "session_token", "region", "service"],
            "jwt" => &["private_key", "key_id", "issuer", "subject", "audience"],
            "hmac" => &["header", "key", "algorithm", "encoding", "prefix", "over", "timestamp"],
            "dkim" => &["domain", "selector", "key"],
            "sns" => &["topic"],
            "tls" => &["certificate", "key", "ca", "ca_only"],
            _ => &[],
        }
    }

    /// A part whose value is a text, or named.
    pub(crate) fn given(&self, name: &str) -> Option<&Setting> {
        self.given.iter().find(|(known, _)| &*known.text == name).map(|(_, value)| value)
    }

    /// A part whose value is a word: its name and the word.
    pub(crate) fn word(&self, name: &str) -> Option<(&Ident, &str)> {
        self.words.iter().find(|(known, _)| &*known.text == name).map(|(name, word)| (name, &*word.text))
    }
}
