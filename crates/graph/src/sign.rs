//! How a connection signs what it sends, and how it and its partner know each other by certificates.

use crate::{Name, Setting};

/// How requests are signed.
#[derive(Clone, Debug, PartialEq)]
pub enum Sign {
    /// A message authentication code in a header (RFC 2104).
    Hmac(Box<Hmac>),
    /// As Standard Webhooks says, with all secrets of a text, separated by spaces.
    StandardWebhooks(Setting),
}

/// A message authentication code in a header.
#[derive(Clone, Debug, PartialEq)]
pub struct Hmac {
    /// The header's name.
    pub header: Name,
    /// The key.
    pub key: Setting,
    /// The hash function.
    pub algorithm: Algorithm,
    /// How the code is written.
    pub encoding: Encoding,
    /// What stands before the code in the header.
    pub prefix: Vec<Mark>,
    /// What is signed.
    pub over: Vec<Mark>,
    /// The header that says when it was signed.
    pub timestamp: Option<Name>,
}

/// A hash function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// SHA-1, for partners that know nothing better.
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

/// How bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Two hexadecimal digits, small letters, for each byte.
    Hex,
    /// Base64 (RFC 4648, section 4).
    Base64,
}

/// A part of what is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// As it is written.
    Text(Name),
    /// The moment of signing, in seconds since 1970.
    Timestamp,
    /// The body, byte for byte.
    Body,
    /// The HTTP method in capitals.
    Method,
    /// Path and query as they are sent.
    Path,
    /// The `Idempotency-Key`.
    Id,
}

impl Sign {
    /// What it needs to know.
    pub fn settings(&self) -> Vec<&Setting> {
        match self {
            Sign::Hmac(hmac) => vec![&hmac.key],
            Sign::StandardWebhooks(secret) => vec![secret],
        }
    }
}

/// Certificates, as PEM.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tls {
    /// Who we are, as a certificate with those that lead to its authority, and its key.
    pub identity: Option<(Setting, Setting)>,
    /// The authorities of the partner.
    pub ca: Option<Setting>,
    /// Whether public authorities count for nothing.
    pub ca_only: bool,
}

impl Tls {
    /// What it needs to know.
    pub fn settings(&self) -> Vec<&Setting> {
        let identity = self.identity.iter().flat_map(|(certificate, key)| [certificate, key]);
        identity.chain(&self.ca).collect()
    }
}
