//! The one function that changes instances.

use graph::{Condition, Journey, StepKind, Way};

use crate::{
    CallOutcome, Context, Event, Happening, Ignored, Input, Instance, KeptEvent, Operation, Output, Status,
    eval::holds, panics::caught, walk::Walk,
};

/// How many events an instance may keep for later waits.
const MOST_KEPT: usize = 1_000;

/// Advances an instance by an input.
///
/// The input is accepted if and only if the instance waits for it; else the output's instance is the given one, and
/// [`Output::ignored`] says why. A panic on the way sets the instance aside: it has failed where it stood.
pub fn advance(journey: &Journey, instance: &Instance, input: &Input, context: Context<'_>) -> Output {
    caught(|| decide(Walk::new(journey, instance.clone(), context), input)).unwrap_or_else(|error| {
        let mut walk = Walk::new(journey, instance.clone(), context);
        walk.set_aside(input, error);
        walk.finish()
    })
}

fn decide(walk: Walk<'_>, input: &Input) -> Output {
    match input {
        Input::Operation(operation) => operate(walk, operation),
        _ if !walk.instance.listens() => walk.ignore(Ignored::Over),
        Input::Event(event) => take(walk, event),
        Input::Due => due(walk),
        _ if !walk.instance.status.is_live() => walk.ignore(Ignored::Over),
        Input::End { status, reason } => end(walk, *status, reason.clone()),
        Input::Begin => begin(walk),
        Input::ProfileChanged => leave_when(walk),
        Input::CallEnded { call, attempt, outcome } => call_ended(walk, *call, *attempt, outcome),
        Input::AttemptLost => attempt_lost(walk),
    }
}

fn end(mut walk: Walk<'_>, status: Status, reason: String) -> Output {
    if walk.instance.state.leaving.is_some() {
        return walk.ignore(Ignored::Over);
    }
    walk.end(status, Some(reason));
    walk.finish()
}

fn begin(mut walk: Walk<'_>) -> Output {
    if walk.instance.status != Status::Queued {
        return walk.ignore(Ignored::NotNow);
    }
    walk.note(Happening::Begun);
    walk.instance.status = Status::Waiting;
    walk.instance.due_at = None;
    walk.go(walk.journey.start);
    walk.finish()
}

/// Ends the instance if the person is now as the journey's `exit when` says. What cannot be decided does not hold.
fn leave_when(mut walk: Walk<'_>) -> Output {
    let state = &walk.instance.state;
    if state.failure.is_some() || state.leaving.is_some() {
        return walk.ignore(Ignored::NotAwaited);
    }
    let holds = |condition: &&Condition| holds(&condition.expr, &walk.scope()).unwrap_or(false);
    let Some(condition) = walk.journey.leave_when.iter().find(holds) else {
        return walk.ignore(Ignored::NotAwaited);
    };
    walk.end(Status::Exited, Some(condition.text.to_string()));
    walk.finish()
}

fn due(mut walk: Walk<'_>) -> Output {
    if walk.instance.due_at.is_none_or(|due| walk.context.now < due) {
        return walk.ignore(Ignored::TooEarly);
    }
    if walk.instance.state.watching {
        walk.instance.state.watching = false;
        walk.instance.due_at = None;
    } else {
        pass_due(&mut walk);
    }
    walk.finish()
}

/// The moment that the instance waited for has come.
fn pass_due(walk: &mut Walk<'_>) {
    let expired = walk.expiry().is_some_and(|expiry| expiry <= walk.context.now);
    match walk.instance.status {
        Status::Calling => walk.try_again(),
        _ if expired => walk.end(Status::Expired, None),
        _ => {
            if walk.instance.updated_at < walk.context.now {
                walk.follows = walk.context.follows;
            }
            walk.end_wait();
            match walk.step_here().map(|step| &step.kind) {
                Some(StepKind::WaitFor { .. }) => walk.leave(Way::Timeout),
                // The quiet hours are over: the message or the call is judged anew.
                Some(StepKind::Send { .. } | StepKind::Call { .. }) => {
                    walk.here().into_iter().for_each(|here| walk.go(here))
                }
                _ => walk.leave(Way::Next),
            }
        }
    }
}

fn attempt_lost(mut walk: Walk<'_>) -> Output {
    if !walk.instance.state.call.as_ref().is_some_and(|call| call.under_way) {
        return walk.ignore(Ignored::NotThisCall);
    }
    walk.try_again();
    walk.finish()
}

fn call_ended(mut walk: Walk<'_>, call: u32, attempt: u32, outcome: &CallOutcome) -> Output {
    let awaited = walk
        .instance
        .state
        .call
        .as_ref()
        .is_some_and(|pending| pending.number == call && pending.attempt == attempt && pending.under_way);
    if !awaited {
        return walk.ignore(Ignored::NotThisCall);
    }
    walk.attempt_ended(outcome.clone());
    walk.finish()
}

/// An event: ends the instance by an exit rule, is consumed by the wait where it stands, or is kept for a later one.
fn take(mut walk: Walk<'_>, event: &Event) -> Output {
    let event = KeptEvent::of(event);
    if !walk.journey.listens_to(&event.name) {
        return walk.ignore(Ignored::NotAwaited);
    }
    let mut passed = walk.reach_goal(&event);
    // A wait that ended before the event came has ended, even if its end was not looked at yet.
    if walk.instance.status == Status::Waiting
        && walk.instance.due_at.is_some_and(|due| due <= walk.context.now)
    {
        pass_due(&mut walk);
        passed = true;
    }
    match consume(&mut walk, event) {
        Err(_) if passed => walk.finish(),
        Err(ignored) => walk.ignore(ignored),
        Ok(()) => walk.finish(),
    }
}

fn consume(walk: &mut Walk<'_>, event: KeptEvent) -> Result<(), Ignored> {
    if !walk.instance.status.is_live() {
        return Err(Ignored::Over);
    }
    let is_over = walk.instance.state.failure.is_some() || walk.instance.state.leaving.is_some();
    let journey = walk.journey;
    if !is_over && journey.exits.iter().any(|rule| walk.fits(&rule.on, &event)) {
        let reason = format!("event {}", event.name);
        walk.note(Happening::Consumed { event: event.id, name: event.name });
        walk.end(Status::Exited, Some(reason));
        return Ok(());
    }
    if walk.instance.status == Status::Waiting
        && let Some(step) = walk.step_here()
        && let StepKind::WaitFor { arms, .. } = &step.kind
        && let Some(arm) = walk.arm_for(arms, &event)
    {
        if let Some(here) = walk.here()
            && let Some(next) = walk.consume(here, arms, arm, event)
        {
            walk.go(next);
        }
        return Ok(());
    }
    if !walk.journey.awaited.contains(&event.name) {
        return Err(walk.undecided().unwrap_or(Ignored::NotAwaited));
    }
    if walk.instance.state.inbox.len() >= MOST_KEPT {
        return Err(Ignored::TooMany);
    }
    walk.instance.state.inbox.push(event);
    Ok(())
}

fn operate(mut walk: Walk<'_>, operation: &Operation) -> Output {
    let failed = walk.instance.status == Status::Failed;
    let (word, fits) = match operation {
        Operation::Retry => ("retry", failed),
        Operation::Skip => ("skip", failed),
        Operation::Answer(_) => ("answer", failed),
        Operation::Cancel => ("cancel", failed || walk.instance.status.is_live()),
    };
    if !fits {
        return walk.ignore(Ignored::NotNow);
    }
    let value = match operation {
        Operation::Answer(body) => match walk.answer_by_hand(body) {
            Ok(value) => value,
            Err(reason) => return walk.ignore(Ignored::Unfit(reason.into())),
        },
        Operation::Retry | Operation::Skip | Operation::Cancel => graph::Value::Null,
    };
    walk.note(Happening::Operated { operation: word.into() });
    walk.instance.state.watching = false;
    match operation {
        Operation::Cancel => {
            walk.instance.state.failure = None;
            walk.end(Status::Cancelled, None);
        }
        Operation::Retry => {
            walk.instance.state.failure = None;
            walk.retry();
        }
        Operation::Skip | Operation::Answer(_) => skip(&mut walk, value),
    }
    walk.finish()
}

/// Goes on after the failed step. A name that the step would have bound has this value.
fn skip(walk: &mut Walk<'_>, value: graph::Value) {
    walk.instance.state.failure = None;
    walk.instance.state.call = None;
    let (bind, way) = match walk.step_here().map(|step| &step.kind) {
        Some(StepKind::Call { bind, .. }) => (bind.clone(), Way::Next),
        Some(StepKind::Let { name, .. }) => (Some(name.clone()), Way::Next),
        Some(StepKind::If { .. } | StepKind::Match { .. }) => (None, Way::Otherwise),
        Some(StepKind::WaitFor { .. }) => (None, Way::Timeout),
        _ => (None, Way::Next),
    };
    if let Some(name) = bind {
        walk.instance.state.variables.insert(name, value);
    }
    walk.leave(way);
}
