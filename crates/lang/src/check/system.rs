//! Journeys that heed what the server itself tells, as `system.connectionFailing`. What such an event is about is no person:
//! of the profile only the key and what has a default are there for certain.

use std::sync::Arc;

use graph::{RecordType, system_record};

use super::{Checked, action::unfit, policy, scope::Env};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{EntryKind, Ident, Journey},
    },
};

/// Whether a journey is entered by events of the server. One that people enter too is reported: its steps could not mean
/// both.
pub(super) fn enters(journey: &Journey, env: &mut Env<'_>) -> bool {
    let (of_system, others): (Vec<_>, Vec<_>) = journey.entries.iter().partition(|entry| match &entry.kind {
        EntryKind::On(event) => system_record(&event.text).is_some(),
        EntryKind::Started(_) | EntryKind::Everyone(_) => false,
    });
    if let (Some(first), Some(other)) = (of_system.first(), others.first()) {
        let message = format!("`{}` is entered by people and by the server's own events", journey.name.text);
        env.report(
            Report::new(Code::MissingEntry, other.at, message)
                .label("for people")
                .related(first.at, "told by the server, about no person")
                .help("write two journeys"),
        );
    }
    !of_system.is_empty()
}

/// From here on the profile is of no person; gives what it was before.
pub(super) fn leave_people(env: &mut Env<'_>) -> Option<Arc<RecordType>> {
    let key = env.names.profile.and_then(|(_, fields)| fields.iter().find(|field| field.key.is_some()));
    let key = key.map(|field| field.name.text.clone()).unwrap_or_default();
    let of_system = env.people.clone().map(|record| graph::ProfileSchema { record, key }.of_system().record);
    std::mem::replace(&mut env.profile, of_system)
}

/// Does something as where the profile is a person's.
pub(super) fn among_people<'n, T>(env: &mut Env<'n>, what: impl FnOnce(&mut Env<'n>) -> T) -> T {
    let here = std::mem::replace(&mut env.profile, env.people.clone());
    let made = what(env);
    env.profile = here;
    made
}

/// Reports the policies of what a journey calls and sends that ask for more of a profile than there is.
pub(super) fn policies(checked: &Checked, at: At, env: &mut Env<'_>) {
    for name in checked.policies.keys() {
        let Some((declared, _)) = env.names.policies.get(name).copied() else { continue };
        let before = std::mem::take(&mut env.reports);
        among_people(env, |env| policy::check(declared, env));
        let sound = std::mem::take(&mut env.reports).is_empty();
        policy::check(declared, env);
        let own = std::mem::replace(&mut env.reports, before);
        if sound {
            unfit(format!("policy `{name}`"), own, &checked.name, at, env);
        }
    }
}

/// Reports that an event of the server is listened for where nobody hears of it.
pub(super) fn heeded(event: &Ident, env: &mut Env<'_>) {
    let among_people = match (&env.profile, &env.people) {
        (Some(here), Some(people)) => Arc::ptr_eq(here, people),
        _ => true,
    };
    if among_people && system_record(&event.text).is_some() {
        env.report(
            Report::new(Code::UnknownEvent, event.at, format!("no person hears of `{}`", event.text))
                .label("about no person")
                .help(format!("let a journey be entered by it: `enter on {}`", event.text)),
        );
    }
}
