//! A runtime over an empty database of either kind, on a clock that the test moves.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use connect::{Partners, Peers};
use jiff::Timestamp;
use runtime::{Catalog, Incoming, Receipt, Received, Retention, Runtime, Setup, What};
use store::Store;

/// Enough that each worker has one of them.
pub(crate) const WAKERS: usize = 8;

/// A clock that the test moves.
#[derive(Clone, Default)]
pub(crate) struct Moved(Arc<AtomicI64>);

impl Moved {
    pub(crate) fn to(&self, text: &str) {
        self.0.store(text.parse::<Timestamp>().unwrap().as_microsecond(), Ordering::SeqCst);
    }

    pub(crate) fn by_micros(&self, micros: i64) {
        self.0.fetch_add(micros, Ordering::SeqCst);
    }

    pub(crate) fn clock(&self) -> runtime::Clock {
        let now = self.0.clone();
        Arc::new(move || Timestamp::from_microsecond(now.load(Ordering::SeqCst)).unwrap())
    }
}

/// A runtime that keeps everything.
pub(crate) async fn start(url: &str, text: &str, clock: &Moved) -> (Runtime, Arc<dyn Store>) {
    start_keeping(url, text, clock, Retention::default()).await
}

/// A runtime that forgets what is old.
pub(crate) async fn start_keeping(
    url: &str,
    text: &str,
    clock: &Moved,
    retention: Retention,
) -> (Runtime, Arc<dyn Store>) {
    run(url, text, clock, retention, None).await
}

/// A runtime that shares the database with others.
pub(crate) async fn join(url: &str, text: &str, clock: &Moved, address: &str) -> (Runtime, Arc<dyn Store>) {
    run(url, text, clock, Retention::default(), Some(address.into())).await
}

async fn run(
    url: &str,
    text: &str,
    clock: &Moved,
    retention: Retention,
    address: Option<String>,
) -> (Runtime, Arc<dyn Store>) {
    connect::install_crypto();
    let store = store::open(url).await.unwrap();
    let compiled = lang::compile(&[lang::Source { name: "test".into(), text: text.into() }]);
    let catalog = Catalog::deploy(compiled.project.unwrap(), &*store, clock.clock()()).await.unwrap();
    let partners =
        Partners::new(Vec::new(), BTreeMap::default(), connect::Environment::of(|_| None)).unwrap();
    let setup = Setup {
        store: store.clone(),
        catalog: Arc::new(catalog),
        partners,
        peers: Peers::new().unwrap(),
        clock: clock.clock(),
        retention,
        address,
    };
    let runtime = Runtime::start(setup).await.unwrap();
    (runtime, store)
}

/// Sends an event, which is taken.
pub(crate) async fn send(runtime: &Runtime, id: &str, event: &str, profile: &str) {
    let event = Incoming {
        id: id.into(),
        what: What::Event(event.into()),
        profile: profile.into(),
        at: None,
        properties: None,
    };
    let verdicts = runtime.take_events(vec![Received { text: "{}", event: Ok(event) }]).await.unwrap();
    assert!(matches!(verdicts[0], Ok(Receipt::Accepted(_))), "{verdicts:?}");
}

pub(crate) fn urls() -> [String; 2] {
    let folder = tempfile::tempdir().unwrap().keep();
    [format!("sqlite:{}", folder.join("test.db").display()), testkit::postgres()]
}

/// Somebody of every worker does something (there is an event `Woken`), so that all look at the clock.
pub(crate) async fn wake(runtime: &Runtime, id: &str) {
    for number in 0..WAKERS {
        send(runtime, id, "Woken", &format!("waker-{number}")).await;
    }
}
