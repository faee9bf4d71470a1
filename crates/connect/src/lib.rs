//! Speaks to partners: HTTP actions and mail over SMTP, with credentials, tokens, signatures, a timeout for each attempt, and egress rules.
//!
//! What comes in: a rendered [`graph::Request`], which names a connection and holds no secret. What goes out: the
//! partner's [`graph::Answer`], or the [`CallError`] that says why there is none. Deliberately absent: SQL, journeys,
//! and retries, which are state of the instance and decided by the engine.

mod address;
mod answer;
mod attempt;
mod aws;
mod collector;
mod credentials;
mod direct;
mod environment;
mod guard;
mod hook;
mod mail;
mod operator;
mod partner;
mod peer;
mod renewed;
mod secret;
mod sign;
mod tls;
mod token;
mod trace;

use std::{
    collections::BTreeMap,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

pub use collector::{Collector, CollectorFailure};
pub use environment::{Environment, Source};
use graph::{
    Answer, CallError, Connection, ErrorKind, Name, Request, Setting,
    hook::{Verify, Webhook},
};
pub use hook::{Delivery, Proven, Unverified};
use jiff::Timestamp;
pub use operator::{Operator, OperatorFailure, Said};
use partner::Partner;
pub use peer::{PeerFailure, Peers};
pub use secret::Secret;
pub use trace::Trace;
use uuid::Uuid;

/// A connection as it is in one environment.
#[derive(Clone, Debug, Default)]
pub struct Override {
    /// Instead of the URL in the journeys.
    pub url: Option<String>,
    /// Instead of the URL of the token server in the journeys.
    pub token_url: Option<String>,
    /// Further hosts that may have private addresses.
    pub private: Vec<String>,
}

/// A value that a connection needs and that is not to be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The connection.
    pub connection: Name,
    /// The name of the value.
    pub name: Name,
    /// Why it is not to be had.
    pub reason: String,
}

/// A request as it would go out, secrets masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The HTTP method, or [`graph::mail::MAIL`].
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// The headers, in the order in which they are sent.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Option<String>,
}

/// As it looks on the wire.
impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let version = if self.method == graph::mail::MAIL { "" } else { " HTTP/1.1" };
        writeln!(f, "{} {}{version}", self.method, self.url)?;
        for (name, value) in &self.headers {
            writeln!(f, "{name}: {value}")?;
        }
        write!(f, "\n{}", self.body.as_deref().unwrap_or_default())
    }
}

/// Where a partner is, as far as it may be told to others: nothing of a path or a query, which may hold what is secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// `https`, `http`, `smtps` or `smtp`.
    pub scheme: String,
    /// The name or the address.
    pub name: String,
    /// The port, where it is known.
    pub port: Option<u16>,
}

/// How an attempt ended, and how long it took.
#[derive(Debug)]
pub struct Attempt {
    /// The answer, whatever its status, or why there is none.
    pub outcome: Result<Answer, CallError>,
    /// From the first byte out to the last byte in.
    pub duration: Duration,
    /// Whether it was a mail, so that the answer's status is one of SMTP.
    pub by_mail: bool,
}

/// Why the partners cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A URL is no URL of a partner.
    #[error("the connection `{connection}`: {reason}")]
    Url {
        /// The connection.
        connection: Name,
        /// What is wrong with it.
        reason: String,
    },
    /// The settings speak of a connection that the journeys do not declare.
    #[error("the settings name a connection `{0}`, which the journeys do not declare")]
    Unknown(String),
    /// The TLS stack cannot be set up.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
}

/// The partners that can be called; cheap to clone.
#[derive(Clone)]
pub struct Partners {
    partners: Arc<BTreeMap<Name, Partner>>,
    environment: Environment,
    sns: Arc<hook::Sns>,
}

impl fmt::Debug for Partners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.partners.keys()).finish()
    }
}

impl Partners {
    /// The partners of these connections.
    ///
    /// # Errors
    /// When a URL in the file or the settings is not one, or the settings name an unknown connection. A variable that
    /// is not set is no error here: the calls that need it fail and say so.
    pub fn new(
        connections: impl IntoIterator<Item = Arc<Connection>>,
        mut overrides: BTreeMap<String, Override>,
        environment: Environment,
    ) -> Result<Partners, SetupError> {
        let mut partners = BTreeMap::new();
        for connection in connections {
            let here = overrides.remove(&*connection.name).unwrap_or_default();
            let name = connection.name.clone();
            partners.insert(name, Partner::new(connection, here, environment.clone())?);
        }
        match overrides.into_keys().next() {
            Some(name) => Err(SetupError::Unknown(name)),
            None => Ok(Partners { partners: Arc::new(partners), environment, sns: Arc::default() }),
        }
    }

    /// Makes one attempt of a call; `trace` says where it belongs, if it is one of an instance.
    pub async fn attempt(&self, request: &Request, idempotency_key: Uuid, trace: Option<Trace>) -> Attempt {
        let start = Instant::now();
        let partner = self.partners.get(&request.connection);
        let mailer = partner.and_then(|partner| partner.here.connection.mail.as_ref());
        let outcome = match (partner, mailer) {
            // On the heap, so that what every call over HTTP takes with it has no room for a mail.
            (Some(partner), Some(mailer)) => {
                Box::pin(mail::make(partner, mailer, request, idempotency_key)).await
            }
            (Some(partner), None) => attempt::make(partner, request, idempotency_key, trace).await,
            (None, _) => Err(CallError::new(
                ErrorKind::Refused,
                format!("the connection `{}` is not declared any more", request.connection),
            )),
        };
        Attempt { outcome, duration: start.elapsed(), by_mail: mailer.is_some() }
    }

    /// Whether a call of a webhook is the partner's, and what is to be read of it.
    ///
    /// # Errors
    /// When it is not proven to be, or what it is verified by is not to be had.
    pub async fn verify(
        &self,
        way: &Verify,
        call: &Delivery<'_>,
        now: Timestamp,
    ) -> Result<Proven, Unverified> {
        hook::verify(&self.environment, &self.sns, way, call, now).await
    }

    /// Whether a partner shows what the setting holds.
    ///
    /// # Errors
    /// When it does not, or that is not to be had.
    pub async fn shows(&self, wanted: &Setting, shown: &str) -> Result<(), Unverified> {
        hook::shows(&self.environment, wanted, shown).await
    }

    /// What a webhook needs and is not to be had: the name of each, and why.
    pub async fn lacking(&self, webhook: &Webhook) -> Vec<(Name, String)> {
        let mut lacking = Vec::new();
        for setting in webhook.settings() {
            let lacks = self.environment.lacks(setting).await;
            lacking.extend(lacks.into_iter().map(|lack| (lack.name, lack.reason)));
        }
        lacking
    }

    /// The values that connections need and that are not to be had. Files and programs that hold some are asked.
    pub async fn missing(&self) -> Vec<Missing> {
        let mut missing = Vec::new();
        for partner in self.partners.values() {
            missing.extend(partner.here.missing().await);
        }
        missing
    }

    /// Why a connection's host would not be dialled, as a sentence: its address is not allowed, or its name leads nowhere.
    /// None when it would be, or there is no such connection, or its URL is not known as long as a variable is missing.
    pub async fn unreachable(&self, connection: &str) -> Option<String> {
        let here = &self.partners.get(connection)?.here;
        for url in [here.base().await.ok(), here.login().await].into_iter().flatten() {
            if let Err(reason) = here.clients.plain.look(&url).await {
                return Some(reason);
            }
        }
        None
    }

    /// Where a connection leads to; none if that is a secret, or not known as long as a variable is missing.
    pub async fn host(&self, connection: &str) -> Option<Host> {
        let here = &self.partners.get(connection)?.here;
        if here.masked_base().is_some() {
            return None;
        }
        let url = here.base().await.ok()?;
        // An address of IPv6 stands in brackets only inside a URL.
        let name = url.host_str()?.trim_matches(['[', ']']).to_owned();
        Some(Host { scheme: url.scheme().to_owned(), name, port: url.port_or_known_default() })
    }

    /// The request as it would go out, as text, secrets masked.
    pub async fn preview(&self, request: &Request, idempotency_key: Uuid) -> String {
        let shown = self.shown(request, idempotency_key).await;
        shown.map_or_else(|reason| reason, |shown| shown.to_string())
    }

    /// The request as it would go out, secrets masked.
    ///
    /// # Errors
    /// When its connection is not declared.
    pub async fn shown(&self, request: &Request, idempotency_key: Uuid) -> Result<Shown, String> {
        match self.partners.get(&request.connection) {
            Some(partner) => Ok(match &partner.here.connection.mail {
                Some(mailer) => mail::preview(&partner.here, mailer, request, idempotency_key).await,
                None => attempt::preview(&partner.here, request, idempotency_key).await,
            }),
            None => Err(format!("the connection `{}` is not declared", request.connection)),
        }
    }
}

/// Chooses *ring* for all TLS of the process. Two providers in one process make rustls panic at the first handshake, so
/// every program begins with this.
pub fn install_crypto() {
    // An error says that one is installed already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
