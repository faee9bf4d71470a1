//! Decides whether an event lets somebody into a journey and under which key, and starts instances.

use std::collections::BTreeMap;

use graph::{Journey, Name, Reentry, Value, duration_text, started};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::{
    Context, Event, Happening, Input, Instance, Output, State, Status,
    eval::{Scope, evaluate, holds},
    panics::caught,
    walk::Walk,
};

/// Whether an event lets somebody into a journey, whoever is inside already: under which key.
///
/// # Errors
/// Why not, in a sentence.
pub fn admit(journey: &Journey, event: &Event, context: Context<'_>) -> Result<Name, String> {
    caught(|| decide(journey, event, context)).unwrap_or_else(|error| Err(error.reason))
}

fn decide(journey: &Journey, event: &Event, context: Context<'_>) -> Result<Name, String> {
    let open = journey.open;
    if let Some(from) = open.from.filter(|from| context.now < *from) {
        return Err(format!("the journey opens at {from}"));
    }
    if let Some(until) = open.until.filter(|until| context.now >= *until) {
        return Err(format!("the journey was open until {until}"));
    }
    let none = BTreeMap::new();
    let scope = Scope::at_entry(journey, event, &none, context);
    if let Some(condition) = journey.entry_by(&event.name).and_then(|entry| entry.condition.as_ref()) {
        match holds(&condition.expr, &scope) {
            Ok(true) => {}
            Ok(false) => return Err(format!("`{}` did not hold", condition.text)),
            Err(fault) => return Err(format!("`{}` could not be decided: {fault}", condition.text)),
        }
    }
    for condition in &journey.leave_when {
        if holds(&condition.expr, &scope).unwrap_or(false) {
            return Err(format!("would leave at once: `{}` holds", condition.text));
        }
    }
    match journey.one_per.as_ref().map(|expr| evaluate(expr, &scope)).transpose() {
        Ok(key) => Ok(key.map_or_else(|| "".into(), |value: Value| value.to_string().into())),
        Err(fault) => Err(format!("`one per` could not be decided: {fault}")),
    }
}

/// Why somebody who entered last at a moment may not enter again now.
pub(crate) fn barred(reentry: Reentry, last: Option<Timestamp>, now: Timestamp) -> Option<String> {
    let last = last?;
    match reentry {
        Reentry::Always => None,
        Reentry::Never => Some(format!("entered before, at {last}, and nobody enters twice")),
        Reentry::After(pause) => {
            let again = last.checked_add(SignedDuration::from_micros(pause)).ok()?;
            (now < again)
                .then(|| format!("entered at {last}, and may enter again after {}", duration_text(pause)))
        }
    }
}

/// Starts an instance: it walks up to where it first rests, or waits for its turn. A panic on the way sets it aside.
pub fn start(
    journey: &Journey,
    id: Uuid,
    profile: &Name,
    key: Name,
    event: &Event,
    context: Context<'_>,
    queued: bool,
) -> Output {
    let instance = || Instance {
        id,
        journey: journey.name.clone(),
        version: journey.version.clone(),
        profile: profile.clone(),
        key: key.clone(),
        status: Status::Waiting,
        step: journey.step(journey.start).map(|step| step.name.clone()).unwrap_or_default(),
        entered_at: context.now,
        updated_at: context.now,
        due_at: None,
        turn: 0,
        state: State {
            event: event.properties.clone(),
            entered_by: event.name.clone(),
            start: (event.name == started(&journey.name)).then(|| event.id.clone()),
            follows: context.follows,
            ..State::default()
        },
    };
    let entered = || {
        let mut walk = Walk::new(journey, instance(), context);
        walk.note(Happening::Entered { event: event.id.clone() });
        walk
    };
    let walked = caught(|| {
        let mut walk = entered();
        if queued {
            walk.queue();
        } else {
            walk.go(journey.start);
        }
        walk
    });
    let walk = walked.unwrap_or_else(|error| {
        let mut walk = entered();
        walk.set_aside(&Input::Begin, error);
        walk
    });
    walk.finish()
}
