//! Takes events from NATS JetStream.
//!
//! What comes in: the messages of a stream, each an event as `POST /v1/events` takes it. What goes out: the same events to
//! the runtime, and an acknowledgement to NATS once they are durable and applied. A message whose acknowledgement was
//! lost comes again and is known by the event's id, so each has its effects once. Deliberately absent: HTTP, SQL.
//!
//! Of several nodes on one database one takes from the stream, the one that has the first shard: so the events of a
//! person are handed on in the order of the stream, to whichever node has the person.

use std::{borrow::Cow, time::Duration};

use async_nats::jetstream::{self, AckKind, Message, consumer::AckPolicy, consumer::pull};
use futures_util::StreamExt as _;
use jiff::Timestamp;
use runtime::{Received, Runtime, Trace, wire};
use tokio_util::sync::CancellationToken;

/// The most messages of one batch.
const MOST: usize = 1_000;
/// How long a wait for the next message lasts before it is asked for again.
const QUIET: Duration = Duration::from_secs(2);
/// When NATS gives a message that was not acknowledged to somebody else.
const ACK_WAIT: Duration = Duration::from_secs(30);
/// How long is waited after something failed.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Where the events are.
#[derive(Clone, Debug)]
pub struct Source {
    /// The server, as in `nats://user:password@host:4222` or `tls://…`.
    pub url: String,
    /// The stream, which must exist.
    pub stream: String,
    /// The durable consumer on it, which is made if it does not exist.
    pub consumer: String,
}

/// Why events cannot be taken from NATS.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {reason}")]
pub struct FeedError {
    what: Cow<'static, str>,
    reason: String,
}

impl FeedError {
    fn new(what: impl Into<Cow<'static, str>>, reason: impl std::fmt::Display) -> FeedError {
        FeedError { what: what.into(), reason: reason.to_string() }
    }
}

type Consumer = jetstream::consumer::Consumer<pull::Config>;

/// A consumer that is ready to take events.
pub struct Feed {
    consumer: Consumer,
    runtime: Runtime,
}

impl Feed {
    /// Finds the stream, and its consumer or makes it.
    ///
    /// # Errors
    /// When the server cannot be reached or has no such stream.
    pub async fn open(source: &Source, runtime: Runtime) -> Result<Feed, FeedError> {
        // Beyond this first time the client finds its way back by itself.
        let client = async_nats::ConnectOptions::new()
            .name("wayfare")
            .connect(&source.url)
            .await
            .map_err(|error| FeedError::new("NATS cannot be reached", error))?;
        let stream = jetstream::new(client).get_stream(&source.stream).await.map_err(|error| {
            FeedError::new(format!("NATS has no stream `{}`; create it first", source.stream), error)
        })?;
        let wanted = pull::Config {
            durable_name: Some(source.consumer.clone()),
            ack_policy: AckPolicy::Explicit,
            ack_wait: ACK_WAIT,
            max_ack_pending: 2 * i64::try_from(MOST).unwrap_or(i64::MAX),
            ..pull::Config::default()
        };
        let consumer = stream.get_or_create_consumer(&source.consumer, wanted).await;
        let consumer = consumer.map_err(|error| {
            FeedError::new(format!("the consumer `{}` cannot be used", source.consumer), error)
        })?;
        Ok(Feed { consumer, runtime })
    }

    /// Takes events until it is time to stop. What was taken and not acknowledged comes again.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let turn = async {
                if !self.runtime.has_first_shard() {
                    tokio::time::sleep(AFTER_FAILURE).await;
                    return Ok(());
                }
                let messages = self.next().await?;
                self.take(&messages).await
            };
            if let Some(Err(error)) = stop.run_until_cancelled(turn).await {
                tracing::warn!(%error, "events from NATS have to wait");
                metrics::counter!("wayfare_feed_failures_total").increment(1);
                let _ = stop.run_until_cancelled(tokio::time::sleep(AFTER_FAILURE)).await;
            }
        }
    }

    /// Waits for a message, and takes whatever else is there.
    async fn next(&self) -> Result<Vec<Message>, FeedError> {
        let failed = |error: &dyn std::fmt::Display| FeedError::new("messages cannot be fetched", error);
        let first = self.consumer.batch().max_messages(1).expires(QUIET).messages();
        let mut messages = read(first.await.map_err(|error| failed(&error))?).await?;
        if !messages.is_empty() {
            let others = self.consumer.fetch().max_messages(MOST - 1).messages();
            messages.extend(read(others.await.map_err(|error| failed(&error))?).await?);
        }
        Ok(messages)
    }

    /// Has the events taken, and acknowledges them once they are durable.
    async fn take(&self, messages: &[Message]) -> Result<(), FeedError> {
        if messages.is_empty() {
            return Ok(());
        }
        let texts: Vec<Cow<'_, str>> =
            messages.iter().map(|message| String::from_utf8_lossy(&message.payload)).collect();
        let received = texts.iter().zip(messages).map(|(text, message)| {
            let mut event = wire::read(text);
            if let Ok(event) = &mut event {
                event.at = event.at.or_else(|| published(message));
            }
            let sender = self.runtime.witness().and_then(|_| sender(message));
            Received { text, event, sender }
        });
        match self.runtime.take_events(received.collect()).await {
            Ok(_) => {
                // What was refused is on record with the reason, and would be refused again.
                for message in messages {
                    message
                        .ack()
                        .await
                        .map_err(|error| FeedError::new("an event is not acknowledged", error))?;
                }
                let count = u64::try_from(messages.len()).unwrap_or(u64::MAX);
                metrics::counter!("wayfare_feed_events_total").increment(count);
                Ok(())
            }
            Err(error) => {
                for message in messages {
                    // Whoever does not hear of it waits for the end of the time to acknowledge.
                    let _ = message.ack_with(AckKind::Nak(Some(AFTER_FAILURE))).await;
                }
                Err(FeedError::new("the events were not taken", error))
            }
        }
    }
}

async fn read(mut batch: pull::Batch) -> Result<Vec<Message>, FeedError> {
    let mut messages = Vec::new();
    while let Some(message) = batch.next().await {
        messages.push(message.map_err(|error| FeedError::new("a message cannot be read", error))?);
    }
    Ok(messages)
}

/// Where in the traces of whoever published it a message comes from.
fn sender(message: &Message) -> Option<Trace> {
    Trace::read(message.headers.as_ref()?.get("traceparent")?.as_str())
}

/// When a message came to the stream.
fn published(message: &Message) -> Option<Timestamp> {
    let nanos = message.info().ok()?.published.unix_timestamp_nanos();
    Timestamp::from_nanosecond(nanos).ok()
}
