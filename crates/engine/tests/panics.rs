//! A panic on the way sets one instance aside, and a retry goes on where it was. What panics is a function that is put
//! into compiled journeys, since no text that compiles is known to make the engine panic.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test may fail loudly, and one is about panics"
)]

use engine::{
    Context, Effect, Event, Happening, Ignored, Input, Instance, Operation, Output, Status, admit, advance,
    audience,
};
use graph::{
    Answer, ErrorKind, Expr, Journey, Project, StepKind, Value,
    library::{Function, Shape},
};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

/// Panics on the number 13, and gives back everything else.
static POISON: Function = Function {
    name: "poison",
    method: false,
    params: &[],
    result: Shape::Int,
    doc: "Panics on 13.",
    examples: &[],
    apply: |call| match call.value(0) {
        Value::Int(13) => panic!("thirteen"),
        other => Ok(other),
    },
};

const TEXT: &str = r#"
profile { customerId: string key  lucky: int = 7 }
event started "Started" { n: int }
event paid "Paid" { n: int }
event left "Left" {}
connection shop { url: "https://shop.example.com"  timeout: 2s each, 20s in all  retry: 2 times, 100ms to 1s }
action ask(n: int) -> { n: int } { GET shop "/ask/{{ n }}" }
action tell(text: string) { POST shop "/tell"  json { "text": "{{ text }}" } }
audience lucky = count(paid) > 0

journey first {
  enter on started as start where start.n > 0
  exit on left
  goal paid as p where p.n == 1 within 2 days
  on failure as f {
    call tell("failed: {{ f.reason }}")
    let sorry = profile.lucky
  }
  on exit as x {
    let bye = profile.lucky
    call tell("bye {{ bye }}")
  }
  let first = start.n
  let answer = call ask(first)
  let second = answer.n
  wait for paid as p
  let third = p.n
  wait 1 day
}
"#;

fn healthy() -> Project {
    lang::compile(&[lang::Source { name: "panics".into(), text: TEXT.into() }]).project.unwrap()
}

/// The journey, after something in it was changed.
fn changed(change: impl FnOnce(&mut Journey)) -> Journey {
    let mut journey = (*healthy().journeys["first"]).clone();
    change(&mut journey);
    journey
}

fn sound() -> Journey {
    changed(|_| {})
}

/// The journey, in which every `let` panics on 13.
fn poisoned() -> Journey {
    changed(|journey| {
        for step in journey.graph.node_weights_mut() {
            if let StepKind::Let { value, .. } = &mut step.kind {
                poison(value);
            }
        }
    })
}

fn poison(expr: &mut Expr) {
    let inner = std::mem::replace(expr, Expr::Literal(Value::Null));
    *expr = Expr::Call { function: &POISON, args: vec![inner] };
}

/// A condition that panics whenever it is asked.
fn always() -> Expr {
    Expr::Call { function: &POISON, args: vec![Expr::Literal(Value::Int(13))] }
}

fn start() -> Timestamp {
    "2026-11-24T09:00:00Z".parse().unwrap()
}

fn event(name: &str, n: i64) -> Event {
    let properties = Value::record([("n", Value::Int(n))]);
    Event { id: format!("{name}-{n}").as_str().into(), name: name.into(), at: start(), properties }
}

fn profile(lucky: i64) -> Value {
    Value::record([("customerId", Value::text("c1")), ("lucky", Value::Int(lucky))])
}

fn entered(journey: &Journey, n: i64) -> Output {
    let profile = profile(7);
    let context = Context::of(&profile, start());
    let event = event("started", n);
    let key = admit(journey, &event, context).unwrap();
    engine::start(journey, Uuid::from_u128(7), &"c1".into(), key, &event, context, false)
}

fn step(journey: &Journey, instance: &Instance, input: &Input) -> Output {
    advance(journey, instance, input, Context::of(&profile(7), start()))
}

fn answered(n: i64) -> Input {
    Input::CallEnded { call: 1, attempt: 1, outcome: Ok(Answer::of(200, format!(r#"{{"n":{n}}}"#))) }
}

fn retried() -> Input {
    Input::Operation(Operation::Retry)
}

/// Somebody who waits for the payment.
fn waiting() -> Instance {
    let journey = sound();
    let called = entered(&journey, 1).instance;
    let waiting = step(&journey, &called, &answered(1)).instance;
    assert_eq!(waiting.status, Status::Waiting);
    waiting
}

/// The instance was set aside at a step, without the journey's own blocks.
fn assert_set_aside(output: &Output, at: &str) {
    let (instance, step) = (&output.instance, &output.instance.step);
    assert_eq!((instance.status, &**step), (Status::Failed, at));
    let failure = instance.state.failure.as_ref().unwrap();
    assert_eq!(
        (failure.error.kind, &*failure.error.reason),
        (ErrorKind::Internal, "a fault in Wayfare itself: thirteen")
    );
    assert!(output.effects.is_empty() && output.emitted.is_empty() && output.ignored.is_none());
    assert!(matches!(&output.happenings[..], [.., Happening::Failed { .. }, Happening::Ended { .. }]));
}

#[test]
fn who_cannot_be_admitted_stays_out() {
    let journey = changed(|journey| journey.entries[0].condition.as_mut().unwrap().expr = always());
    let profile = profile(7);
    let admitted = admit(&journey, &event("started", 1), Context::of(&profile, start()));
    assert_eq!(admitted.unwrap_err(), "a fault in Wayfare itself: thirteen");
}

#[test]
fn an_entry_is_set_aside_and_others_enter() {
    let output = entered(&poisoned(), 13);
    assert_set_aside(&output, "let-first");
    assert!(matches!(output.happenings[0], Happening::Entered { .. }));
    assert_eq!(entered(&poisoned(), 12).instance.status, Status::Calling);

    let again = step(&sound(), &output.instance, &retried());
    assert_eq!(again.instance.status, Status::Calling, "{:?}", again.happenings);
    let failed_again = step(&poisoned(), &output.instance, &retried());
    assert_set_aside(&failed_again, "let-first");
}

#[test]
fn a_call_whose_answer_met_the_fault_goes_out_again_under_its_key() {
    let called = entered(&poisoned(), 1);
    let Effect::Call { idempotency_key, .. } = &called.effects[0];
    let output = step(&poisoned(), &called.instance, &answered(13));
    assert_set_aside(&output, "call-ask");
    assert_eq!(
        output.instance.due_at,
        Some(start() + SignedDuration::from_hours(48)),
        "its goal is still watched for"
    );
    assert_eq!(output.instance.attempt_under_way(), None);

    let again = step(&sound(), &output.instance, &retried());
    let Effect::Call { call, attempt, idempotency_key: second, .. } = &again.effects[0];
    assert_eq!((call, attempt, second), (&1, &2, idempotency_key));
    let late = step(&sound(), &again.instance, &answered(13));
    assert_eq!(late.ignored, Some(Ignored::NotThisCall), "the first attempt is over");

    let skipped = step(&sound(), &output.instance, &Input::Operation(Operation::Answer(r#"{"n":2}"#.into())));
    assert_eq!((skipped.instance.status, &*skipped.instance.step), (Status::Waiting, "wait-for-1"));
    assert_eq!(skipped.instance.state.call, None);
}

#[test]
fn who_meets_the_fault_while_failing_has_failed_as_before() {
    let refused = Input::CallEnded { call: 1, attempt: 1, outcome: Ok(Answer::of(404, "")) };
    let failing = step(&sound(), &entered(&sound(), 1).instance, &refused).instance;
    assert_eq!(failing.status, Status::Calling, "it tells somebody");
    let told = Input::CallEnded { call: 2, attempt: 1, outcome: Ok(Answer::of(200, "")) };
    let unlucky = profile(13);
    let failed = advance(&poisoned(), &failing, &told, Context::of(&unlucky, start())).instance;
    assert_eq!((failed.status, &*failed.step), (Status::Failed, "call-ask"));
    assert_eq!(failed.state.failure.as_ref().unwrap().error.kind, ErrorKind::Http);
    let again = step(&sound(), &failed, &retried());
    let Effect::Call { call, attempt, action, .. } = &again.effects[0];
    assert_eq!((call, attempt, &**action), (&3, &1, "ask"), "the failed step's call, and a new one");
}

#[test]
fn an_event_that_met_the_fault_is_found_by_the_retry() {
    let output = step(&poisoned(), &waiting(), &Input::Event(event("paid", 13)));
    assert_set_aside(&output, "wait-for-1");
    let again = step(&sound(), &output.instance, &retried());
    assert_eq!((again.instance.status, &*again.instance.step), (Status::Waiting, "wait-1"));
    assert_eq!(again.instance.state.variables["third"], Value::Int(13));
}

#[test]
fn whoever_is_to_end_ends() {
    let unlucky = profile(13);
    let given = |instance: &Instance, input: &Input| {
        advance(&poisoned(), instance, input, Context::of(&unlucky, start())).instance
    };
    let end = Input::End { status: Status::Stopped, reason: "by another".into() };
    let stopped = given(&waiting(), &end);
    assert_eq!((stopped.status, stopped.state.reason.as_deref()), (Status::Stopped, Some("by another")));
    assert_eq!(given(&waiting(), &Input::Operation(Operation::Cancel)).status, Status::Cancelled);

    let bad_exit = given(&waiting(), &Input::Event(event("left", 0)));
    assert_eq!(bad_exit.status, Status::Failed, "an event that would end it is no order to end it");
}

#[test]
fn whoever_is_over_stays_over() {
    let over = step(&sound(), &waiting(), &Input::Operation(Operation::Cancel)).instance;
    let over =
        step(&sound(), &over, &Input::CallEnded { call: 2, attempt: 1, outcome: Ok(Answer::of(200, "")) })
            .instance;
    assert!(over.status == Status::Cancelled && over.state.watching);
    let journey = changed(|journey| journey.goal.as_mut().unwrap().on.condition = Some(always()));
    let output = step(&journey, &over, &Input::Event(event("paid", 1)));
    assert_eq!((output.instance.status, output.instance.due_at), (Status::Cancelled, None));
    assert!(!output.instance.listens());
}

#[test]
fn somebody_whom_an_audience_cannot_look_at_is_what_they_were() {
    let project = healthy();
    let sound = &project.audiences["lucky"];
    let mut bad = (**sound).clone();
    bad.condition = always();
    let profile = profile(7);
    let context = Context::of(&profile, start());
    let meet = |audience| {
        audience::meet(audience, Uuid::from_u128(1), &"c1".into(), &[event("paid", 1)], Some(false), context)
    };

    let missed = meet(&bad);
    assert_eq!((&*missed.instance.step, missed.emitted.len()), (audience::OUT, 0));
    assert_eq!(missed.instance.due_at, Some(start() + SignedDuration::from_hours(1)));

    let member = meet(sound).instance;
    assert_eq!(&*member.step, audience::IN);
    let output = audience::look(&bad, &member, &Input::ProfileChanged, context);
    assert_eq!((output.instance.status, &*output.instance.step), (Status::Member, audience::IN));
    assert_eq!(output.instance.state.windows, member.state.windows);
    assert!(
        matches!(&output.happenings[..], [Happening::Failed { error, .. }] if error.kind == ErrorKind::Internal)
    );
    assert_eq!(output.instance.due_at, Some(start() + SignedDuration::from_hours(1)));
}
