//! Hands spans to an OpenTelemetry collector over HTTP: what comes in is an encoded request of its protocol (OTLP), what goes
//! out is its answer, or why there is none.
//!
//! Not behind the guard: an operator says where the collector is, which is most often this machine or a private network,
//! and no journey and no data has a say in it. No redirect is followed and no proxy is used, so that what the headers hold
//! goes to that server only. Deliberately absent: what is sent, and repeating it; `telemetry` does both.

#![expect(clippy::disallowed_types, reason = "see above")]

use std::time::Duration;

use graph::Setting;
use reqwest::{
    StatusCode,
    header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER},
};
use url::Url;

use crate::{Environment, direct, operator::innermost};

/// How long a collector is given to accept a connection.
const CONNECT: Duration = Duration::from_secs(3);
/// How long a collector is given to answer.
const ANSWER: Duration = Duration::from_secs(10);
/// The most bytes that are read of an answer: it says how many spans were not taken, and why.
const MOST_BYTES: usize = 64 << 10;

/// Why a collector did not take what it was sent.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{reason}")]
pub struct CollectorFailure {
    /// Why, in a few words without secrets.
    pub reason: String,
    /// Whether it may take the same later.
    pub again: bool,
    /// How long it wants to be left alone.
    pub after: Option<Duration>,
}

/// A collector, with what it is shown.
pub struct Collector {
    client: reqwest::Client,
    url: Url,
    headers: Vec<(HeaderName, Setting)>,
    environment: Environment,
}

impl Collector {
    /// The collector that takes spans at this URL, and is shown these headers.
    ///
    /// # Errors
    /// When a header's name is not one, or the TLS stack cannot be set up.
    pub fn new(
        url: Url,
        headers: Vec<(String, Setting)>,
        environment: Environment,
    ) -> Result<Collector, CollectorFailure> {
        let named = |(name, value): (String, Setting)| match HeaderName::try_from(&name) {
            Ok(name) => Ok((name, value)),
            Err(_) => Err(lasting(format!("`{name}` is no name of a header"))),
        };
        let headers = headers.into_iter().map(named).collect::<Result<_, _>>()?;
        let client = direct::client(CONNECT, ANSWER).build().map_err(|error| lasting(said(&error)))?;
        Ok(Collector { client, url, headers, environment })
    }

    /// Where spans go.
    pub fn url(&self) -> &Url {
        &self.url
    }

    /// Sends an encoded request once; gives the encoded answer.
    ///
    /// # Errors
    /// When it is not taken. A secret that is not to be had now may be later.
    pub async fn take(&self, request: Vec<u8>) -> Result<Vec<u8>, CollectorFailure> {
        let mut builder = self.client.post(self.url.clone()).header(CONTENT_TYPE, "application/x-protobuf");
        for (name, setting) in &self.headers {
            let found = self.environment.value(setting).await.map_err(|lack| passing(lack.reason))?;
            let mut value = HeaderValue::try_from(found.expose())
                .map_err(|_| lasting(format!("the value of the header `{name}` is none that can be sent")))?;
            value.set_sensitive(true);
            builder = builder.header(name, value);
        }
        let mut answer = builder.body(request).send().await.map_err(|error| passing(said(&error)))?;
        let status = answer.status();
        if !status.is_success() {
            let after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
            return Err(CollectorFailure {
                reason: format!("it answered with status {}", status.as_u16()),
                again: is_passing(status),
                after: after.map(Duration::from_secs),
            });
        }
        let mut body = Vec::new();
        while let Some(bytes) = answer.chunk().await.map_err(|error| passing(said(&error)))? {
            body.extend_from_slice(&bytes);
            if body.len() > MOST_BYTES {
                return Err(lasting("its answer is too long".into()));
            }
        }
        Ok(body)
    }
}

/// The statuses that the protocol has repeated; all others are final.
fn is_passing(status: StatusCode) -> bool {
    matches!(status.as_u16(), 429 | 502 | 503 | 504)
}

fn passing(reason: String) -> CollectorFailure {
    CollectorFailure { reason, again: true, after: None }
}

fn lasting(reason: String) -> CollectorFailure {
    CollectorFailure { reason, again: false, after: None }
}

fn said(error: &reqwest::Error) -> String {
    if error.is_timeout() && !error.is_connect() {
        return format!("it did not answer within {} seconds", ANSWER.as_secs());
    }
    innermost(error)
}
