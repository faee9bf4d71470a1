//! Tells an OpenTelemetry collector what happens to instances: the spans of their traces, over OTLP/HTTP.
//!
//! What comes in: what [`runtime::Witness`] is told. What goes out: spans, to a collector that `connect` speaks to. It
//! must not matter to anybody's journey: what is told is put into a queue with a bound, and what finds no room there, or
//! is not taken by the collector in time, is lost, counted and now and then said in the log.
//!
//! Only the messages of OTLP are taken from the OpenTelemetry project, not its SDK and exporter: the ids of spans are not
//! drawn but follow from the instance ([`runtime::Trace`]), long after its entry; the SDK's batches count nowhere what they
//! lose; and its exporter would bring a second HTTP client, beside the one of `connect`, which alone holds secrets.
//! It is a crate of its own so that nothing below knows OpenTelemetry. Deliberately absent: settings, metrics, logs.

mod export;
mod share;
mod span;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use connect::Collector;
use export::Exporter;
use runtime::{Answered, Attempted, Entry, Trace, Witness};
use share::Share;
use span::{Record, What};
use tokio::{sync::mpsc, task::JoinHandle};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// How many spans may wait for the collector. Each takes a few hundred bytes.
const ROOM: usize = 8_192;
/// How long the last spans are waited for at the end.
const LAST_SPANS: Duration = Duration::from_secs(2);

/// What the exported spans say of the whole process.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    /// The name of the service (`service.name`).
    pub name: String,
    /// Further attributes of the resource.
    pub attributes: Vec<(String, String)>,
}

/// Whoever records what happens and hands it to a collector.
pub struct Telemetry {
    share: Share,
    queue: mpsc::Sender<Record>,
    counts: Arc<Counts>,
}

/// The task that hands spans to the collector.
pub struct Exporting {
    stop: CancellationToken,
    task: JoinHandle<()>,
    counts: Arc<Counts>,
}

/// How many spans are where.
#[derive(Default)]
struct Counts {
    /// Those that found no room and were not spoken of in the log yet.
    full: AtomicU64,
    /// Those that wait, or are under way.
    waiting: AtomicU64,
}

impl Telemetry {
    /// Starts to record a share (0 to 1) of the traces, and to hand them to the collector.
    pub fn start(collector: Collector, service: &Service, share: f64) -> (Arc<Telemetry>, Exporting) {
        let (queue, records) = mpsc::channel(ROOM);
        let (counts, stop) = (Arc::<Counts>::default(), CancellationToken::new());
        let exporter = Exporter::new(collector, service, records, counts.clone(), stop.clone());
        let task = tokio::spawn(exporter.run());
        let telemetry = Telemetry { share: Share::of(share), queue, counts: counts.clone() };
        (Arc::new(telemetry), Exporting { stop, task, counts })
    }

    fn record(&self, record: Record) {
        self.counts.waiting.fetch_add(1, Ordering::Relaxed);
        if self.queue.try_send(record).is_err() {
            self.counts.waiting.fetch_sub(1, Ordering::Relaxed);
            self.counts.full.fetch_add(1, Ordering::Relaxed);
            count("full", 1);
        }
    }
}

impl Witness for Telemetry {
    fn records(&self, instance: Uuid) -> bool {
        self.share.holds(instance)
    }

    fn entered(&self, entry: Entry) {
        if self.records(entry.instance) {
            let trace = Trace::root(entry.instance, true);
            self.record(Record::ended_now(trace, entry.took, What::Entry(entry)));
        }
    }

    fn attempted(&self, attempt: Attempted) {
        self.record(Record::ended_now(attempt.trace, attempt.took, What::Attempt(attempt)));
    }

    /// Whether a sender's trace is recorded is for the sender to say; without one it is drawn.
    fn asked(&self, sender: Option<Trace>) -> Option<Trace> {
        let trace = sender.map_or_else(Uuid::new_v4, |sender| sender.trace);
        let sampled = sender.map_or_else(|| self.share.holds(trace), |sender| sender.sampled);
        let (_, span) = Uuid::new_v4().as_u64_pair();
        sampled.then_some(Trace { trace, span: span.try_into().ok()?, sampled })
    }

    fn answered(&self, answered: Answered) {
        self.record(Record::ended_now(answered.trace, answered.took, What::Request(answered)));
    }
}

impl Exporting {
    /// Hands over what is left, though not for long: what the collector does not take now is lost.
    pub async fn stop(mut self) {
        self.stop.cancel();
        if tokio::time::timeout(LAST_SPANS, &mut self.task).await.is_err() {
            self.task.abort();
            let lost = self.counts.waiting.load(Ordering::Relaxed);
            tracing::warn!(lost, "the collector of traces did not take the last spans in time");
        }
    }
}

/// Counts spans by what became of them.
fn count(outcome: &'static str, spans: u64) {
    metrics::counter!("wayfare_spans_total", "outcome" => outcome).increment(spans);
}

impl Record {
    fn ended_now(trace: Trace, took: Duration, what: What) -> Record {
        let ended = SystemTime::now();
        Record { trace, began: ended.checked_sub(took).unwrap_or(ended), ended, what }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use connect::Environment;
    use testkit::Manner;

    use super::*;

    fn entry(number: u128) -> Entry {
        Entry {
            instance: Uuid::from_u128(number),
            journey: "greets".into(),
            version: "v1".into(),
            shard: 1,
            sender: None,
            took: Duration::from_millis(1),
        }
    }

    #[tokio::test]
    async fn what_finds_no_room_is_lost_and_the_end_is_not_held_up() {
        const TOO_MANY: u64 = 1_000;
        connect::install_crypto();
        let silent = testkit::Collector::start(|_| Manner::Hangs).unwrap();
        let url = format!("http://{}/v1/traces", silent.address).parse().unwrap();
        let collector = Collector::new(url, Vec::new(), Environment::of(|_| None)).unwrap();
        let service = Service { name: "wayfare".into(), attributes: Vec::new() };
        let (telemetry, exporting) = Telemetry::start(collector, &service, 1.0);
        let begin = Instant::now();
        let all = ROOM as u64 + TOO_MANY;
        (0..all).for_each(|number| telemetry.entered(entry(number.into())));
        assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
        let count = |counted: &AtomicU64| counted.load(Ordering::Relaxed);
        assert_eq!(
            (count(&telemetry.counts.full), count(&telemetry.counts.waiting)),
            (TOO_MANY, ROOM as u64)
        );
        while silent.seen().is_empty() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let begin = Instant::now();
        exporting.stop().await;
        let took = begin.elapsed();
        assert!(took < LAST_SPANS + Duration::from_secs(2), "{took:?}");
        // A batch is a part of what waits, and of bounded size.
        assert!((10_000..1_000_000).contains(&silent.seen()[0].1.len()), "{}", silent.seen()[0].1.len());
    }

    #[tokio::test]
    async fn a_sender_decides_on_its_own_trace() {
        connect::install_crypto();
        let url = "http://127.0.0.1:1/v1/traces".parse().unwrap();
        let collector = Collector::new(url, Vec::new(), Environment::of(|_| None)).unwrap();
        let service = Service { name: "wayfare".into(), attributes: Vec::new() };
        let (telemetry, _exporting) = Telemetry::start(collector, &service, 0.0);
        let sender = Trace::of(Uuid::from_u128(5), 1, 1, true);
        let asked = telemetry.asked(Some(sender)).unwrap();
        assert_eq!((asked.trace, asked.sampled), (sender.trace, true));
        assert_ne!(asked.span, sender.span);
        assert_eq!(telemetry.asked(Some(Trace { sampled: false, ..sender })), None);
        assert_eq!(telemetry.asked(None), None);
        assert!(!telemetry.records(Uuid::from_u128(5)));
    }
}
