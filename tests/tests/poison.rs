//! Poison: a step in which our own code panics for some people, on both databases. They are set aside, everybody else goes
//! on, and once it is mended a retry goes on where they were, each effect once.
//!
//! What panics is a function that is put into the compiled journey, since no text that compiles is known to make the engine
//! panic. The text stays the same, so the journey that is mended is the same version.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail loudly, and this one is about panics")]

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use connect::{Override, Partners, Peers};
use engine::{Operation, Status};
use graph::{
    ErrorKind, Expr, Journey, Project, StepKind, Value,
    library::{Function, Shape},
};
use runtime::{Catalog, Incoming, Received, Retention, Runtime, Setup, What};
use serde_json::{json, value::RawValue};
use store::{Filter, Store};
use testkit::{Partner, Recorded, Reply};
use tests::{on_both, proof};

const PEOPLE: u64 = 600;
/// Of so many people one meets each of the faults.
const EVERY: u64 = 30;

const TEXT: &str = r#"
profile { customerId: string key }
event started "Started" { n: int }
event paid "Paid" { n: int }
connection shop { url: "https://shop.example.com"  timeout: 2s each, 300s in all }
connection vault { url: "https://shop.example.com"  auth: bearer secret("VAULT")  timeout: 2s each, 300s in all }
action ask(n: int) -> { n: int } { GET shop "/ask/{{ n }}" }
action tell(n: int) { POST shop "/tell/{{ n }}" }
action keep(n: int) { POST vault "/keep/{{ n }}" }
journey poisoned {
  enter on started as start
  let first = start.n
  let answer = call ask(first)
  let second = answer.n
  wait for paid as p
  let third = p.n
  call tell(third)
  if third % 30 == 4 { call keep(third) }
}
"#;

/// Panics if the first number, divided by [`EVERY`], leaves the second.
static POISON: Function = Function {
    name: "poison",
    method: false,
    params: &[],
    result: Shape::Int,
    doc: "Panics now and then.",
    examples: &[],
    apply: |call| match call.value(0) {
        Value::Int(n) if u64::try_from(n).unwrap() % EVERY == u64::try_from(call.int(1)?).unwrap() => {
            panic!("poison")
        }
        other => Ok(other),
    },
};

/// Has the journey's `let first` panic for those of 1, its `let second` of 2, and its `let third` of 3.
fn poisoned(project: &mut Project) {
    let journey: &mut Journey = Arc::make_mut(project.journeys.get_mut("poisoned").unwrap());
    let mut done = 0;
    for step in journey.graph.node_weights_mut() {
        let StepKind::Let { name, value } = &mut step.kind else { continue };
        let Some(place) = ["first", "second", "third"].iter().position(|one| **one == **name) else {
            continue;
        };
        let inner = std::mem::replace(value, Expr::Literal(Value::Null));
        let place = Expr::Literal(Value::Int(i64::try_from(place).unwrap() + 1));
        *value = Expr::Call { function: &POISON, args: vec![inner, place] };
        done += 1;
    }
    assert_eq!(done, 3);
}

async fn start(store: Arc<dyn Store>, partner: &Partner, ill: bool) -> Runtime {
    connect::install_crypto();
    let mut project =
        lang::compile(&[lang::Source { name: "poison".into(), text: TEXT.into() }]).project.unwrap();
    if ill {
        poisoned(&mut project);
    }
    let to = Override {
        url: Some(format!("http://{}", partner.address)),
        private: vec![partner.address.ip().to_string()],
        ..Override::default()
    };
    let overrides = ["shop", "vault"].map(|name| (name.to_owned(), to.clone()));
    let connections: Vec<_> = project.connections.values().cloned().collect();
    // An attempt that wants the secret panics, in a task of its own.
    let environment =
        connect::Environment::of(move |_| if ill { panic!("poison") } else { Some("s".into()) });
    let partners = Partners::new(connections, BTreeMap::from(overrides), environment).unwrap();
    let clock = runtime::wall_clock();
    let catalog = Arc::new(Catalog::deploy(project, &*store, clock()).await.unwrap());
    let (peers, retention) = (Peers::new().unwrap(), Retention::default());
    let setup = Setup {
        store,
        catalog,
        partners,
        peers,
        clock,
        retention,
        public_url: None,
        address: None,
        witness: None,
    };
    Runtime::start(setup).await.unwrap()
}

/// Sends everybody's event of a name, a hundred at a time.
async fn send(runtime: &Runtime, event: &str) {
    for first in (0..PEOPLE).step_by(100) {
        let numbers = first..first + 100;
        let incoming = numbers.map(|n| Incoming {
            id: format!("{event}-{n}"),
            what: What::Event(event.into()),
            profile: format!("p{n}"),
            at: None,
            properties: Some(RawValue::from_string(json!({"n": n}).to_string()).unwrap()),
        });
        let received = incoming.map(|event| Received { text: "", event: Ok(event), sender: None });
        let verdicts = runtime.take_events(received.collect()).await.unwrap();
        assert!(verdicts.iter().all(Result::is_ok), "{verdicts:?}");
    }
}

/// Waits until so many instances have a status, and stand at a step.
async fn until(store: &dyn Store, status: Status, step: &str, count: u64) {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let filter = Filter { status: Some(status), step: Some(step.into()), ..Filter::default() };
        let found = store.instances(&filter, None, 1_000).await.unwrap().len();
        if found == usize::try_from(count).unwrap() {
            return;
        }
        assert!(Instant::now() < end, "{found} instead of {count} are {} at {step}", status.word());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn story(database: &str) {
    let answer = |request: &Recorded, _: usize| {
        let n = request.line.rsplit('/').next().unwrap_or_default();
        Reply::ok(&if request.line.starts_with("GET") { format!(r#"{{"n":{n}}}"#) } else { "{}".into() })
    };
    let partner = Partner::start(answer).unwrap();
    let url = proof::setup(database, &partner).database;
    let few = PEOPLE / EVERY;

    let store = store::open(&url).await.unwrap();
    let runtime = start(store.clone(), &partner, true).await;
    send(&runtime, "Started").await;
    until(&*store, Status::Waiting, "wait-for-1", PEOPLE - 2 * few).await;
    until(&*store, Status::Failed, "let-first", few).await;
    until(&*store, Status::Failed, "call-ask", few).await;
    send(&runtime, "Paid").await;
    until(&*store, Status::Failed, "wait-for-1", few).await;
    until(&*store, Status::Failed, "if-1.then.call-keep", few).await;
    until(&*store, Status::Completed, "end", PEOPLE - 4 * few).await;
    assert!(runtime.is_running(), "{database}");
    runtime.stop().await;

    // Mended, it is found by a retry of all whom a fault has met, which two operators ask for at once.
    let store = store::open(&url).await.unwrap();
    let runtime = start(store.clone(), &partner, false).await;
    let filter = Filter { failed_by: Some(ErrorKind::Internal), ..Filter::default() };
    let all = || runtime.operate_all(&filter, &Operation::Retry, None, 1_000);
    let (one, other) = tokio::join!(all(), all());
    let (one, other) = (one.unwrap(), other.unwrap());
    assert_eq!((one.done + other.done, one.unknown + other.unknown), (usize::try_from(4 * few).unwrap(), 0));
    // Whoever failed before they waited for the payment wait for it now.
    until(&*store, Status::Waiting, "wait-for-1", 2 * few).await;
    until(&*store, Status::Completed, "end", PEOPLE - 2 * few).await;
    runtime.stop().await;

    let keys = |what: &str| partner.effects(what).len();
    let people = usize::try_from(PEOPLE).unwrap();
    let few = usize::try_from(few).unwrap();
    let found = (keys("GET /ask"), keys("POST /tell"), keys("POST /keep"));
    assert_eq!(found, (people, people - 2 * few, few), "{database}: each call under one key");
    let asked = partner.seen().iter().filter(|seen| seen.line.starts_with("GET /ask")).count();
    assert_eq!(asked, people + few, "{database}: who failed at the answer asked again");
}

#[test]
fn whom_a_fault_of_our_own_meets_is_set_aside_and_nobody_else() {
    on_both(|database| {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(story(database));
    });
}
