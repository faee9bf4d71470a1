//! The laws of the engine, on journeys written as text and inputs drawn by chance.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test may fail loudly")]

use std::sync::Arc;

use engine::{
    Context, Effect, Event, Happening, Ignored, Input, Instance, Operation, Output, Status, admit, advance,
};
use graph::{Answer, CallError, ErrorKind, Journey, StepKind, Value};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use uuid::Uuid;

/// What both journeys use.
const PRELUDE: &str = r#"
profile { customerId: string key  firstName: string = "you" }
event started "Started" { amount: decimal, note: string? }
event paid "Paid" { amount: decimal }
event left "Left" {}
connection shop { url: "https://shop.example.com"  timeout: 2s each, 20s in all  retry: 2 times, 100ms to 1s }
action ask(id: string) -> { vip: bool, level: string? } { GET shop "/ask?id={{ id }}" }
action tell(text: string) { POST shop "/tell"  json { "text": "{{ text }}" } }
policy polite { quiet hours 09:00 to 18:00 in "UTC" }
message note via tell under polite { text: "note" }
"#;

const FIRST: &str = r#"
journey first {
  enter on started as start where start.amount > 0
  exit on left
  on failure as f { call tell("failed: {{ f.reason }}") }
  let status = call ask(profile.customerId)
  if status.vip {
    wait 1 hour
    call tell("hello {{ profile.firstName }}")
  } else {
    split "kind" {
      50% "a" { call tell("a") }
      50% "b" { wait 1 day }
    }
  }
  wait for first of {
    paid as p where p.amount >= start.amount => { call tell("paid {{ p.amount }}") }
    after 2 days => { exit "never paid" }
  }
}
"#;

/// A journey with every kind of step that the first has not.
const SECOND: &str = r#"
journey first {
  enter on started as start where start.amount > 0
  exit on left
  exit when profile.firstName == "Gone"
  goal paid as p where p.amount > 5 within 2 days
  expire after 4 days
  on exit as x {
    call tell("bye: {{ x.reason }} {{ x.detail ?? "" }}")
    wait 1 hour
  }
  label again
  repeat 3 times as round until profile.firstName == "Bob" {
    let status = call ask("{{ round }}") or { vip: false }
    match status.level {
      null => { wait 2 hours }
      "gold" => {
        set profile.firstName = "Bob"
        emit left
        wait for paid up to 1 day else { goto again }
      }
      else => { wait 1 minute }
    }
  }
  send note()
  match start.amount > 5 {
    true => { wait 1 day }
    false => { exit "small" }
  }
}
"#;

fn journey() -> Arc<Journey> {
    compiled(FIRST)
}

/// One of the two, as chance has it.
fn any_journey(story: &[(u8, bool, Input)]) -> Arc<Journey> {
    compiled(if story.len().is_multiple_of(2) { FIRST } else { SECOND })
}

fn compiled(text: &str) -> Arc<Journey> {
    let source = lang::Source { name: "laws".into(), text: format!("{PRELUDE}{text}") };
    let compiled = lang::compile(std::slice::from_ref(&source));
    let project = compiled.project.unwrap_or_else(|| {
        panic!("{}", lang::draw(&compiled.diagnostics, &[source], false));
    });
    project.journeys["first"].clone()
}

fn start() -> Timestamp {
    "2026-11-24T09:00:00Z".parse().unwrap()
}

fn profile() -> Value {
    Value::record([("customerId", Value::text("c1")), ("firstName", Value::text("Ada"))])
}

fn event(name: &str, id: u32, amount: i64) -> Event {
    let properties =
        Value::record([("amount", Value::from(rust_decimal::Decimal::from(amount))), ("note", Value::Null)]);
    Event { id: format!("e{id}").as_str().into(), name: name.into(), at: start(), properties }
}

fn entered(journey: &Journey) -> Output {
    let profile = profile();
    let context = Context::of(&profile, start());
    let event = event("started", 0, 10);
    let key = admit(journey, &event, context).unwrap();
    engine::start(journey, Uuid::from_u128(7), &"c1".into(), key, &event, context, false)
}

fn answer(body: &str) -> Answer {
    Answer::of(200, body)
}

fn step(journey: &Journey, instance: &Instance, input: &Input, now: Timestamp) -> Output {
    advance(journey, instance, input, Context::of(&profile(), now))
}

/// An input as chance has it: some fit, most do not.
fn any_input() -> impl Strategy<Value = Input> {
    let outcome = prop_oneof![
        Just(Ok(answer(r#"{"vip":true,"level":"gold"}"#))),
        Just(Ok(answer(r#"{"vip":false}"#))),
        Just(Ok(answer("nonsense"))),
        Just(Ok(Answer { status: 503, retry_after: Some(2_000_000), ..answer("busy") })),
        Just(Err(CallError::new(ErrorKind::Timeout, "no answer"))),
        Just(Err(CallError::new(ErrorKind::Auth, "no key"))),
    ];
    prop_oneof![
        Just(Input::Due),
        Just(Input::AttemptLost),
        (1u32..5, 1u32..5, outcome).prop_map(|(call, attempt, outcome)| Input::CallEnded {
            call,
            attempt,
            outcome
        }),
        (0u32..9, 0i64..20).prop_map(|(id, amount)| Input::Event(event("paid", id, amount))),
        (0u32..9).prop_map(|id| Input::Event(event("left", id, 0))),
        prop_oneof![Just(Operation::Retry), Just(Operation::Skip), Just(Operation::Cancel)]
            .prop_map(Input::Operation),
        Just(Input::End { status: Status::Stopped, reason: "by another".into() }),
        Just(Input::Begin),
        Just(Input::ProfileChanged),
    ]
}

/// Inputs with the hours that pass before each; most results are those of the call under way.
fn any_story() -> impl Strategy<Value = Vec<(u8, bool, Input)>> {
    proptest::collection::vec((0u8..60, any::<bool>(), any_input()), 0..40)
}

/// Makes a drawn input fit the instance, where the story wants it to.
fn fitted(instance: &Instance, fits: bool, input: &Input) -> Input {
    match (input, &instance.state.call) {
        (Input::CallEnded { outcome, .. }, Some(call)) if fits => {
            Input::CallEnded { call: call.number, attempt: call.attempt, outcome: outcome.clone() }
        }
        _ => input.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn the_same_arguments_give_the_same_output_and_nobody_is_ever_stuck(story in any_story()) {
        let journey = any_journey(&story);
        let mut instance = entered(&journey).instance;
        let mut now = start();
        for (hours, fits, input) in story {
            now += SignedDuration::from_mins(i64::from(hours) * 20);
            let input = fitted(&instance, fits, &input);
            let output = step(&journey, &instance, &input, now);
            prop_assert_eq!(&output, &step(&journey, &instance, &input, now), "deterministic");
            match &output.ignored {
                Some(_) => {
                    prop_assert_eq!(&output.instance, &instance, "an ignored input changes nothing");
                    prop_assert!(output.effects.is_empty() && output.happenings.is_empty());
                }
                None => {
                    prop_assert_eq!(output.instance.turn, instance.turn + 1);
                    let leaves = output.instance.state.leaving.is_some();
                    let over = !output.instance.status.is_live() && output.instance.status != Status::Failed;
                    let cancelled = input == Input::Operation(Operation::Cancel);
                    prop_assert!(!cancelled || over || leaves, "who is cancelled leaves");
                }
            }
            instance = output.instance;
            check_rest(&journey, &instance)?;
        }
    }

    #[test]
    fn an_input_that_comes_twice_counts_once(story in any_story()) {
        let journey = any_journey(&story);
        let mut instance = entered(&journey).instance;
        let mut now = start();
        for (hours, fits, input) in story {
            now += SignedDuration::from_mins(i64::from(hours) * 20);
            let input = fitted(&instance, fits, &input);
            instance = step(&journey, &instance, &input, now).instance;
            if let Input::CallEnded { .. } = input {
                let again = step(&journey, &instance, &input, now);
                prop_assert!(again.ignored.is_some(), "a second result of one attempt");
                prop_assert_eq!(again.instance, instance.clone());
            }
        }
    }

    #[test]
    fn a_stored_state_comes_back_as_it_was(story in any_story()) {
        let journey = any_journey(&story);
        let mut instance = entered(&journey).instance;
        let mut now = start();
        for (hours, fits, input) in story {
            now += SignedDuration::from_mins(i64::from(hours) * 20);
            instance = step(&journey, &instance, &fitted(&instance, fits, &input), now).instance;
            let text = serde_json::to_string(&instance.state).unwrap();
            let back: engine::State = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(back, instance.state.clone());
        }
    }
}

/// Finished, failed, or waiting for a moment, an event or an answer: never stuck.
fn check_rest(journey: &Journey, instance: &Instance) -> Result<(), TestCaseError> {
    let kind = journey.find(&instance.step).and_then(|node| journey.step(node)).map(|step| &step.kind);
    match instance.status {
        Status::Calling => prop_assert!(instance.state.call.is_some() && instance.due_at.is_some()),
        Status::Waiting => match kind {
            // In quiet hours.
            Some(StepKind::Send { .. }) => prop_assert!(instance.due_at.is_some()),
            Some(StepKind::Wait(_)) => prop_assert!(instance.due_at.is_some()),
            Some(StepKind::WaitFor { timeout, .. }) => {
                let ends = timeout.is_some() || journey.expire.is_some();
                prop_assert_eq!(ends, instance.due_at.is_some())
            }
            other => prop_assert!(false, "waits at {:?}", other),
        },
        Status::Member => prop_assert!(false, "a journey has no members"),
        Status::Queued => prop_assert_eq!(journey.expire.is_some(), instance.due_at.is_some()),
        Status::Failed => {
            prop_assert!(instance.state.failure.is_some());
            prop_assert_eq!(instance.state.watching, instance.due_at.is_some());
        }
        Status::Completed
        | Status::Exited
        | Status::Cancelled
        | Status::Expired
        | Status::Stopped
        | Status::Replaced => {
            prop_assert!(instance.state.leaving.is_none());
            prop_assert_eq!(instance.state.watching, instance.due_at.is_some(), "listens for its goal alone");
        }
    }
    Ok(())
}

fn call_of(output: &Output) -> (u32, u32, String) {
    match output.effects.as_slice() {
        [Effect::Call { call, attempt, request, .. }] => {
            (*call, *attempt, format!("{} {}", request.method, request.path))
        }
        other => panic!("expected one call, found {other:?}"),
    }
}

#[test]
fn a_failed_attempt_is_repeated_with_the_same_request_and_then_the_failure_block_runs() {
    let journey = journey();
    let mut output = entered(&journey);
    let mut now = start();
    let mut keys = Vec::new();
    for attempt in 1..=3 {
        let (call, made, request) = call_of(&output);
        assert_eq!((call, made, request.as_str()), (1, attempt, "GET /ask?id=c1"));
        keys.extend(output.effects.iter().map(|Effect::Call { idempotency_key, .. }| *idempotency_key));
        let outcome = Ok(Answer { status: 503, ..answer("busy") });
        output = step(&journey, &output.instance, &Input::CallEnded { call, attempt, outcome }, now);
        if attempt < 3 {
            let due = output.instance.due_at.unwrap();
            assert!(due > now && due <= now + SignedDuration::from_secs(1));
            let early = step(&journey, &output.instance, &Input::Due, due - SignedDuration::from_micros(1));
            assert_eq!(early.ignored, Some(Ignored::TooEarly));
            now = due;
            output = step(&journey, &output.instance, &Input::Due, now);
        }
    }
    keys.dedup();
    assert_eq!(keys.len(), 1, "one key for all attempts");
    let (call, attempt, request) = call_of(&output);
    assert_eq!((call, attempt, request.as_str()), (2, 1, "POST /tell"));
    output =
        step(&journey, &output.instance, &Input::CallEnded { call, attempt, outcome: Ok(answer("")) }, now);
    assert_eq!(output.instance.status, Status::Failed);
    assert_eq!(&*output.instance.step, "call-ask", "parked at the step that failed");
    let retried = step(&journey, &output.instance, &Input::Operation(Operation::Retry), now);
    assert_eq!(call_of(&retried).2, "GET /ask?id=c1");
    assert_eq!(retried.instance.status, Status::Calling);
}

#[test]
fn an_event_that_comes_during_a_call_is_not_lost() {
    let journey = journey();
    let output = entered(&journey);
    let outcome = Ok(answer(r#"{"vip":true}"#));
    let waiting =
        step(&journey, &output.instance, &Input::CallEnded { call: 1, attempt: 1, outcome }, start());
    let later = start() + SignedDuration::from_hours(1);
    let calling = step(&journey, &waiting.instance, &Input::Due, later);
    assert_eq!(call_of(&calling).2, "POST /tell");
    let kept = step(&journey, &calling.instance, &Input::Event(event("paid", 5, 10)), later);
    assert_eq!(kept.ignored, None);
    let done = step(
        &journey,
        &kept.instance,
        &Input::CallEnded { call: 2, attempt: 1, outcome: Ok(answer("")) },
        later,
    );
    assert!(
        done.happenings.iter().any(|h| matches!(h, Happening::Consumed { event, .. } if &**event == "e5"))
    );
    assert_eq!(call_of(&done).2, "POST /tell");
}

#[test]
fn a_condition_that_cannot_be_decided_does_not_hold_and_says_why() {
    let journey = compiled(
        "journey first {\n  enter on started\n  exit on left where 1 / 0 > 0\n  \
         wait for paid as p where 10 / p.amount > 1\n}\n",
    );
    let waiting = entered(&journey).instance;
    let ignored = step(&journey, &waiting, &Input::Event(event("left", 1, 0)), start()).ignored.unwrap();
    assert_eq!(ignored.reason(), "its condition could not be decided: division by zero");
    let kept = step(&journey, &waiting, &Input::Event(event("paid", 2, 0)), start());
    assert_eq!((kept.ignored, kept.instance.status), (None, Status::Waiting), "kept for a later wait");
    assert!(matches!(&kept.happenings[..], [Happening::Undecided { event, .. }] if &**event == "e2"));
    let done = step(&journey, &kept.instance, &Input::Event(event("paid", 3, 5)), start());
    assert_eq!(done.instance.status, Status::Completed);
}

#[test]
fn an_answer_that_does_not_fit_is_an_error_and_not_repeated() {
    let journey = journey();
    let output = entered(&journey);
    let outcome = Ok(answer(r#"{"vip":"yes"}"#));
    let failed =
        step(&journey, &output.instance, &Input::CallEnded { call: 1, attempt: 1, outcome }, start());
    let failure = failed.instance.state.failure.unwrap();
    assert_eq!(failure.error.kind, ErrorKind::Invalid);
    assert_eq!(
        failure.error.reason,
        "the answer of `ask` does not fit: `vip`: expected bool, found the text \"yes\""
    );
}
