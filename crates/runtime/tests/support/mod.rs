//! A runtime over an empty database of either kind, on a clock that the test moves.
//!
//! With `WAYFARE_DOUBTS=PERCENT` the runtime is left in doubt about so many of its commits in each of two ways, and every
//! story must end as ever: who is not answered asks again, as any sender would.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use connect::{Partners, Peers};
use jiff::Timestamp;
use runtime::{Catalog, Error, Incoming, Receipt, Received, Retention, Runtime, Setup, What};
use store::Store;
use tests::doubt::{Doubtful, Doubts};

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
    run(url, text, clock, retention, None, doubts()).await
}

/// A runtime that is left in doubt about what it writes, in every test run.
pub(crate) async fn start_in_doubt(
    url: &str,
    text: &str,
    clock: &Moved,
    doubts: &Arc<Doubts>,
) -> (Runtime, Arc<dyn Store>) {
    run(url, text, clock, Retention::default(), None, Some(doubts.clone())).await
}

/// A runtime that shares the database with others.
pub(crate) async fn join(url: &str, text: &str, clock: &Moved, address: &str) -> (Runtime, Arc<dyn Store>) {
    run(url, text, clock, Retention::default(), Some(address.into()), doubts()).await
}

async fn run(
    url: &str,
    text: &str,
    clock: &Moved,
    retention: Retention,
    address: Option<String>,
    doubts: Option<Arc<Doubts>>,
) -> (Runtime, Arc<dyn Store>) {
    connect::install_crypto();
    let store = store::open(url).await.unwrap();
    let doubtful = doubts.map_or(store.clone(), |doubts| Doubtful::over(store.clone(), doubts));
    let compiled = lang::compile(&[lang::Source { name: "test".into(), text: text.into() }]);
    let catalog = Catalog::deploy(compiled.project.unwrap(), &*store, clock.clock()()).await.unwrap();
    let partners =
        Partners::new(Vec::new(), BTreeMap::default(), connect::Environment::of(|_| None)).unwrap();
    let setup = Setup {
        store: doubtful,
        catalog: Arc::new(catalog),
        partners,
        peers: Peers::new().unwrap(),
        clock: clock.clock(),
        retention,
        public_url: None,
        address,
        witness: None,
    };
    let runtime = Runtime::start(setup).await.unwrap();
    (runtime, store)
}

fn doubts() -> Option<Arc<Doubts>> {
    let percent = std::env::var("WAYFARE_DOUBTS").ok()?;
    Some(Doubts::new(9, percent.parse().unwrap()))
}

/// Asks until it is answered; gives the answer, and whether nobody had to ask twice.
pub(crate) async fn answered<T>(mut ask: impl AsyncFnMut() -> Result<T, Error>) -> (T, bool) {
    let mut first = true;
    loop {
        match ask().await {
            Ok(answer) => return (answer, first),
            Err(error) => assert!(matches!(error, Error::NotWritten), "{error}"),
        }
        first = false;
    }
}

/// Sends an event, which is taken.
pub(crate) async fn send(runtime: &Runtime, id: &str, event: &str, profile: &str) {
    let (verdicts, first) = answered(async || {
        let event = Incoming {
            id: id.into(),
            what: What::Event(event.into()),
            profile: profile.into(),
            at: None,
            properties: None,
        };
        runtime.take_events(vec![Received { text: "{}", event: Ok(event), sender: None }]).await
    })
    .await;
    let taken = |verdict: &Result<Receipt, _>| match verdict {
        Ok(Receipt::Accepted(_)) => true,
        Ok(Receipt::Duplicate) => !first,
        Err(_) => false,
    };
    assert!(verdicts.iter().all(taken), "{verdicts:?}");
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
