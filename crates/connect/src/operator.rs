//! Speaks to a Wayfare server as an operator's program does: what comes in is a request to its API, what goes out is the
//! status and the body of the answer, whatever they are.
//!
//! Not behind the guard: an operator says where the server is, which is most often this machine or a private network, and no
//! journey and no data has a say in it. Deliberately absent: what an answer means.

#![expect(clippy::disallowed_types, reason = "see above")]

use std::time::Duration;

use reqwest::{Method, header};
use url::Url;

use crate::{Secret, direct};

/// How long a server is given to accept a connection.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a server is given to answer: longer than it takes to do something with a thousand instances.
const ANSWER: Duration = Duration::from_secs(120);

/// Why a server did not answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{reason}")]
pub struct OperatorFailure {
    /// Whether it may have had the request, so that what was asked may have happened.
    pub was_sent: bool,
    /// Why, in a few words.
    pub reason: String,
}

/// What a server answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// The status code.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// A client for the API of one server.
pub struct Operator {
    client: reqwest::Client,
    server: Url,
    key: Option<Secret>,
}

impl Operator {
    /// A client for the server at this URL, which shows this key if there is one. No redirect is followed and no proxy is
    /// used, so that the key goes to this server only.
    ///
    /// # Errors
    /// When the TLS stack cannot be set up.
    pub fn new(server: Url, key: Option<Secret>) -> Result<Operator, OperatorFailure> {
        let client = direct::client(CONNECT, ANSWER).build().map_err(|error| failure(&error))?;
        Ok(Operator { client, server, key })
    }

    /// Reads: the parts of the path below the server's URL, and the query.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn get(&self, path: &[&str], query: &[(&str, String)]) -> Result<Said, OperatorFailure> {
        self.ask(Method::GET, path, query, None).await
    }

    /// Has something done; `body` is JSON.
    ///
    /// # Errors
    /// When the server does not answer.
    pub async fn post(&self, path: &[&str], body: String) -> Result<Said, OperatorFailure> {
        self.ask(Method::POST, path, &[], Some(body)).await
    }

    async fn ask(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, String)],
        body: Option<String>,
    ) -> Result<Said, OperatorFailure> {
        let mut url = self.server.clone();
        if let Ok(mut parts) = url.path_segments_mut() {
            // Each part is percent-encoded, so a name with a slash in it leads nowhere else.
            parts.pop_if_empty().extend(path);
        }
        let mut request = self.client.request(method, url).query(query);
        if let Some(key) = &self.key {
            request = request.bearer_auth(key.expose());
        }
        if let Some(body) = body {
            request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        }
        let answer = request.send().await.map_err(|error| failure(&error))?;
        let status = answer.status().as_u16();
        let body = answer.text().await.map_err(|error| failure(&error))?;
        Ok(Said { status, body })
    }
}

fn failure(error: &reqwest::Error) -> OperatorFailure {
    let text = if error.is_timeout() && !error.is_connect() {
        format!("it has said nothing for {} seconds", ANSWER.as_secs())
    } else {
        innermost(error)
    };
    OperatorFailure { was_sent: !error.is_connect() && !error.is_builder(), reason: text }
}

/// The innermost reason says most: `Connection refused`, `invalid peer certificate: …`.
pub(crate) fn innermost(error: &reqwest::Error) -> String {
    let mut reason: &dyn std::error::Error = error;
    while let Some(inner) = reason.source() {
        reason = inner;
    }
    reason.to_string()
}
