//! Hands what is recorded to the collector, in batches. A batch that the collector does not take now is offered again for
//! a while; meanwhile what comes waits in the queue, as far as there is room.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use connect::{Collector, CollectorFailure};
use opentelemetry_proto::tonic::{
    collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse},
    common::v1::InstrumentationScope,
    resource::v1::Resource,
    trace::v1::{ResourceSpans, ScopeSpans},
};
use prost::Message as _;
use tokio::{sync::mpsc, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    Counts, Service, count,
    span::{Record, text},
};

/// The most spans of a batch.
const MOST: usize = 512;
/// How long a span waits for others.
const LINGER: Duration = Duration::from_secs(1);
/// How long a batch is offered, all attempts and pauses together.
const PATIENCE: Duration = Duration::from_secs(10);
/// The first pause between two attempts; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// How often it is said at most that spans were lost.
const SAID_EVERY: Duration = Duration::from_secs(60);

pub(crate) struct Exporter {
    collector: Collector,
    resource: Resource,
    records: mpsc::Receiver<Record>,
    counts: Arc<Counts>,
    stop: CancellationToken,
    losses: Losses,
}

/// What was lost and is to be said.
#[derive(Default)]
struct Losses {
    spans: u64,
    reason: Option<String>,
    said: Option<Instant>,
}

impl Exporter {
    pub(crate) fn new(
        collector: Collector,
        service: &Service,
        records: mpsc::Receiver<Record>,
        counts: Arc<Counts>,
        stop: CancellationToken,
    ) -> Exporter {
        let mut attributes = vec![
            text("service.name", &service.name),
            text("service.version", env!("CARGO_PKG_VERSION")),
            text("service.instance.id", &uuid::Uuid::new_v4().to_string()),
        ];
        let is_new = |name: &str| !attributes.iter().any(|known| known.key == name);
        let further: Vec<_> = service.attributes.iter().filter(|(name, _)| is_new(name)).collect();
        attributes.extend(further.into_iter().map(|(name, value)| text(name, value)));
        let resource = Resource { attributes, ..Resource::default() };
        Exporter { collector, resource, records, counts, stop, losses: Losses::default() }
    }

    /// Works until it is told to stop, and then hands over what is there.
    pub(crate) async fn run(mut self) {
        let mut batch = Vec::new();
        loop {
            let ends = self.stop.is_cancelled();
            self.gather(&mut batch).await;
            if ends && batch.is_empty() {
                break;
            }
            if !batch.is_empty() {
                self.deliver(&batch).await;
                let done = u64::try_from(batch.len()).unwrap_or(u64::MAX);
                self.counts.waiting.fetch_sub(done, Ordering::Relaxed);
                batch.clear();
            }
            self.say_losses(false);
        }
        self.say_losses(true);
    }

    /// Waits for a span, and a little for others; once it is time to stop, only takes what is there.
    async fn gather(&mut self, batch: &mut Vec<Record>) {
        let waiting = async {
            let until = Instant::now() + LINGER;
            while batch.len() < MOST {
                let more = self.records.recv_many(batch, MOST - batch.len());
                match tokio::time::timeout_at(until, more).await {
                    Ok(1..) => {}
                    // Nobody is left who could tell anything.
                    Ok(0) => return self.stop.cancel(),
                    Err(_) => break,
                }
            }
        };
        if self.stop.run_until_cancelled(waiting).await.is_none() {
            while batch.len() < MOST {
                let Ok(record) = self.records.try_recv() else { break };
                batch.push(record);
            }
        }
    }

    /// Offers a batch until it is taken, refused for good, or has been offered for long enough.
    async fn deliver(&mut self, batch: &[Record]) {
        let request = self.encode(batch);
        let spans = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let (until, mut pause) = (Instant::now() + PATIENCE, FIRST_PAUSE);
        loop {
            let taken = tokio::time::timeout_at(until, self.collector.take(request.clone())).await;
            let failure = match taken {
                Ok(Ok(answer)) => return self.taken(spans, &answer),
                Ok(Err(failure)) => failure,
                Err(_) => {
                    let reason = format!("it did not take a batch within {} seconds", PATIENCE.as_secs());
                    CollectorFailure { reason, again: false, after: None }
                }
            };
            let next = Instant::now() + pause.max(failure.after.unwrap_or_default());
            let slept = async { tokio::time::sleep_until(next).await };
            if !failure.again || next >= until || self.stop.run_until_cancelled(slept).await.is_none() {
                count("failed", spans);
                return self.losses.add(spans, failure.reason);
            }
            pause *= 2;
        }
    }

    /// A batch was taken; a collector may take a part of it only.
    fn taken(&mut self, spans: u64, answer: &[u8]) {
        let partial =
            ExportTraceServiceResponse::decode(answer).ok().and_then(|answer| answer.partial_success);
        let rejected = partial.map_or(0, |partial| u64::try_from(partial.rejected_spans).unwrap_or(0));
        let rejected = rejected.min(spans);
        count("sent", spans - rejected);
        if rejected > 0 {
            count("rejected", rejected);
            self.losses.add(rejected, "it took a part of a batch only".to_owned());
        }
    }

    fn encode(&self, batch: &[Record]) -> Vec<u8> {
        let scope = InstrumentationScope {
            name: "wayfare".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            ..InstrumentationScope::default()
        };
        let scope_spans = ScopeSpans {
            scope: Some(scope),
            spans: batch.iter().map(Record::span).collect(),
            ..ScopeSpans::default()
        };
        let resource_spans = ResourceSpans {
            resource: Some(self.resource.clone()),
            scope_spans: vec![scope_spans],
            ..ResourceSpans::default()
        };
        ExportTraceServiceRequest { resource_spans: vec![resource_spans] }.encode_to_vec()
    }

    /// Says what was lost, once in a while.
    fn say_losses(&mut self, last: bool) {
        let full = self.counts.full.swap(0, Ordering::Relaxed);
        if full > 0 {
            self.losses.add(full, "more came than it took".to_owned());
        }
        let Losses { spans, reason: Some(reason), said } = &self.losses else { return };
        if !last && said.is_some_and(|said| said.elapsed() < SAID_EVERY) {
            return;
        }
        let collector = self.collector.url();
        tracing::warn!(lost = spans, %collector, %reason, "spans of traces were lost; journeys go on without them");
        self.losses = Losses { said: Some(Instant::now()), ..Losses::default() };
    }
}

impl Losses {
    fn add(&mut self, spans: u64, reason: String) {
        self.spans += spans;
        // The first reason is the cause: a queue is full because a collector takes nothing.
        self.reason.get_or_insert(reason);
    }
}

#[cfg(test)]
mod tests {
    use connect::Environment;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTracePartialSuccess;

    use super::*;

    #[test]
    fn a_collector_may_take_a_part_only_and_say_more_than_is_known() {
        connect::install_crypto();
        let url = "http://127.0.0.1:1/v1/traces".parse().unwrap();
        let collector = Collector::new(url, Vec::new(), Environment::of(|_| None)).unwrap();
        let attributes = vec![("host.name".into(), "box".into()), ("service.name".into(), "other".into())];
        let service = Service { name: "journeys".into(), attributes };
        let (_, records) = mpsc::channel(1);
        let mut exporter =
            Exporter::new(collector, &service, records, Arc::default(), CancellationToken::new());
        let names: Vec<&str> = exporter.resource.attributes.iter().map(|one| one.key.as_str()).collect();
        assert_eq!(names, ["service.name", "service.version", "service.instance.id", "host.name"]);
        for (said, lost) in [(3, 3), (0, 0), (-1, 0), (99, 10)] {
            let partial_success =
                Some(ExportTracePartialSuccess { rejected_spans: said, ..Default::default() });
            exporter.taken(10, &ExportTraceServiceResponse { partial_success }.encode_to_vec());
            assert_eq!(exporter.losses.spans, lost);
            exporter.losses = Losses::default();
        }
        exporter.taken(10, b"");
        exporter.taken(10, b"{\"of\": \"another protocol\"}");
        assert_eq!(exporter.losses.spans, 0);
    }
}
