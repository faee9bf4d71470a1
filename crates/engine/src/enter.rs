//! Decides whether an event starts an instance, and starts it.

use std::collections::BTreeMap;

use graph::{Journey, Name, Reentry, Value, duration_text};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::{
    Context, Event, Happening, Instance, Output, State, Status,
    eval::{Scope, evaluate, holds},
    walk::Walk,
};

/// Whether an event started an instance.
#[derive(Clone, Debug, PartialEq)]
pub enum Admission {
    /// It did; the output's instance is new.
    Enters(Box<Output>),
    /// It did not, for this reason.
    StaysOut(String),
}

/// Starts an instance of `journey` for an event of the kind it enters on, if its rules allow.
///
/// `inside` tells whether the person is inside under a key now, `last_entry` when they last entered under it.
pub fn enter(
    journey: &Journey,
    id: Uuid,
    profile_key: &Name,
    event: &Event,
    context: Context<'_>,
    inside: &dyn Fn(&str) -> bool,
    last_entry: &dyn Fn(&str) -> Option<Timestamp>,
) -> Admission {
    let none = BTreeMap::new();
    let scope = Scope::at_entry(journey, context.profile, &event.properties, &none, context.now);
    if let Some(condition) = &journey.entry.condition {
        let text = journey.entry.condition_text.as_deref().unwrap_or("its condition");
        match holds(condition, &scope) {
            Ok(true) => {}
            Ok(false) => return Admission::StaysOut(format!("`{text}` did not hold")),
            Err(fault) => return Admission::StaysOut(format!("`{text}` could not be decided: {fault}")),
        }
    }
    let key: Name = match journey.one_per.as_ref().map(|expr| evaluate(expr, &scope)).transpose() {
        Ok(key) => key.map_or_else(|| "".into(), |value: Value| value.to_string().into()),
        Err(fault) => return Admission::StaysOut(format!("`one per` could not be decided: {fault}")),
    };
    if inside(&key) {
        return Admission::StaysOut(match &*key {
            "" => "already inside".to_owned(),
            key => format!("already inside for `{key}`"),
        });
    }
    if let Some(reason) = barred(journey.reentry, last_entry(&key), context.now) {
        return Admission::StaysOut(reason);
    }
    Admission::Enters(Box::new(start(journey, id, profile_key, key, event, context)))
}

fn barred(reentry: Reentry, last: Option<Timestamp>, now: Timestamp) -> Option<String> {
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

fn start(
    journey: &Journey,
    id: Uuid,
    profile_key: &Name,
    key: Name,
    event: &Event,
    context: Context<'_>,
) -> Output {
    let instance = Instance {
        id,
        journey: journey.name.clone(),
        version: journey.version.clone(),
        profile: profile_key.clone(),
        key,
        status: Status::Waiting,
        step: journey.step(journey.start).map(|step| step.name.clone()).unwrap_or_default(),
        entered_at: context.now,
        updated_at: context.now,
        due_at: None,
        turn: 0,
        state: State {
            event: event.properties.clone(),
            variables: BTreeMap::new(),
            calls: 0,
            call: None,
            inbox: Vec::new(),
            failure: None,
            reason: None,
            leaving: None,
        },
    };
    let mut walk = Walk::new(journey, instance, context);
    walk.note(Happening::Entered { event: event.id.clone() });
    walk.go(journey.start);
    walk.finish()
}
