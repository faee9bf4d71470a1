//! The declarations of a project, each checked once.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use graph::{EventSchema, Name, ProfileSchema, RecordType, Type, hook::Webhook};

use super::{
    Module, action, audience, connection, function, journey, mail, message, policy,
    scope::{Env, Event},
    test,
    types::Resolver,
    webhook,
};
use crate::{
    diagnostic::{Code, Report},
    syntax::At,
};

/// Checks everything.
pub(crate) fn module(env: &mut Env<'_>) -> Module {
    let names = env.names;
    let profile = profile(env);
    env.profile = profile.as_ref().map(|profile| profile.record.clone());
    env.people = env.profile.clone();
    let events = events(env);
    function::all(env);
    connections(env);
    for (name, (declared, _)) in &names.policies {
        let made = policy::check(declared, env);
        env.policies.insert(name.clone(), made);
    }
    let mut actions = BTreeMap::new();
    for (name, (declared, doc)) in &names.actions {
        if let Some(made) = action::check(declared, *doc, Event::Unknown, env) {
            actions.insert(name.clone(), Arc::new(made));
        }
    }
    let servers = env.connections.keys().cloned().collect::<Vec<_>>();
    for name in servers {
        if let Some(action) = mail::action(&name, env) {
            actions.entry(name).or_insert(action);
        }
    }
    let mut messages = BTreeMap::new();
    for (name, (declared, doc)) in &names.messages {
        let action = actions.get(&declared.action.text).cloned();
        if let Some(made) = message::check(declared, *doc, Event::Unknown, action, env) {
            messages.insert(name.clone(), Arc::new(made));
        }
    }
    let webhooks = webhooks(env);
    let audiences = names.audiences.values();
    let audiences = audiences.map(|(declared, doc)| audience::check(declared, *doc, env)).collect();
    let mut journeys = Vec::new();
    for (name, (declared, doc)) in &names.journeys {
        journeys.extend(journey::check(name, declared, *doc, env));
    }
    // An action that a journey uses is known better there: the project shows it with that journey's event.
    for journey in journeys.iter().rev() {
        actions.extend(journey.actions.iter().map(|(name, action)| (name.clone(), action.clone())));
        messages.extend(journey.messages.iter().map(|(name, message)| (name.clone(), message.clone())));
    }
    let (mut tests, mut steps_named) = (Vec::new(), Vec::new());
    for (declared, at) in &names.tests {
        let (made, steps) = test::check(declared, *at, env);
        tests.push(made);
        steps_named.extend(steps);
    }
    Module {
        profile: Arc::new(profile.unwrap_or_default()),
        events,
        connections: env.connections.clone(),
        policies: env.policies.clone(),
        actions,
        messages,
        webhooks,
        audiences,
        journeys,
        tests,
        steps_named,
    }
}

/// The connections. A name that could be a mail server or an action is reported.
fn connections(env: &mut Env<'_>) {
    let names = env.names;
    for (name, (declared, doc)) in &names.connections {
        let made = Arc::new(connection::check(declared, *doc, env));
        if let (Some(_), Some((action, _))) = (&made.mail, names.actions.get(name)) {
            let message = format!("`{name}` is an action and a mail server, so `via {name}` could be either");
            let report = Report::new(Code::DuplicateName, declared.name.at, message);
            env.report(report.label("choose another name").related(action.name.at, "the action"));
        }
        env.connections.insert(name.clone(), made);
    }
}

fn webhooks(env: &mut Env<'_>) -> BTreeMap<Name, Arc<Webhook>> {
    let mut made = BTreeMap::new();
    for (name, (declared, doc)) in &env.names.webhooks {
        if let Some(webhook) = webhook::check(declared, *doc, env) {
            made.insert(name.clone(), Arc::new(webhook));
        }
    }
    made
}

fn profile(env: &mut Env<'_>) -> Option<ProfileSchema> {
    let Some((word, fields)) = env.names.profile else {
        let first = env.names.journeys.values().map(|(journey, _)| journey.name.at).min();
        if let Some(at) = first {
            env.report(
                Report::new(Code::MissingProfile, at, "nothing says what is known of a person")
                    .label("a journey needs a profile")
                    .help("declare it: `profile { customerId: string key }`"),
            );
        }
        return None;
    };
    let made = Resolver { names: env.names, types: &env.types, reports: &mut env.reports }.fields(fields).0;
    let keys: Vec<_> = fields.iter().filter(|field| field.key.is_some()).collect();
    match keys.as_slice() {
        [] => env.report(
            Report::new(Code::MissingKey, word, "no field of the profile is its key")
                .label("which field names a person?")
                .help("mark the field that events carry: `customerId: string key`"),
        ),
        [_] => {}
        [first, second, ..] => env.report(
            Report::new(Code::MissingKey, second.key.unwrap_or_default(), "a profile has one key")
                .label("a second key")
                .related(first.key.unwrap_or_default(), "the first"),
        ),
    }
    let fields = made?;
    let key = keys.first()?;
    let ty = fields.iter().find(|field| field.name == key.name.text).map(|field| &field.ty);
    if !matches!(ty, Some(Type::Text)) {
        env.report(
            Report::new(Code::MissingKey, key.ty.at, "the key must be a `string` that is always there")
                .label("not a plain string")
                .fix(key.ty.at, "string")
                .help("write `string`"),
        );
    }
    let record = RecordType { name: Some("profile".into()), fields };
    Some(ProfileSchema { record: Arc::new(record), key: key.name.text.clone() })
}

fn events(env: &mut Env<'_>) -> BTreeMap<Name, Arc<EventSchema>> {
    let mut made = BTreeMap::new();
    let mut wires: HashMap<String, At> = HashMap::new();
    for (name, event) in &env.names.events {
        let at = event.wire.map_or(event.name.at, |wire| wire.at);
        let wire = match event.wire.map(|wire| wire.fixed()) {
            Some(None) => {
                env.reports.push(
                    Report::new(Code::BadTemplate, at, "an event's name has no holes")
                        .label("fixed text only"),
                );
                continue;
            }
            Some(Some(wire)) => wire,
            None => name.to_string(),
        };
        if let Some(before) = wires.insert(wire.clone(), at) {
            env.reports.push(
                Report::new(Code::DuplicateName, at, format!("two events are called `{wire}` on the wire"))
                    .label("same name again")
                    .related(before, "first used here"),
            );
        }
        for field in event.fields.iter().filter(|field| field.key.is_some()) {
            env.reports.push(
                Report::new(Code::MissingKey, field.key.unwrap_or_default(), "only the profile has a key")
                    .label("not in an event"),
            );
        }
        if let Some((Some(Type::Record(record)), _)) = env.types.get(name) {
            let schema = EventSchema {
                name: name.clone(),
                wire: wire.into(),
                record: record.clone(),
                doc: event.doc.cloned(),
            };
            made.insert(name.clone(), Arc::new(schema));
        }
    }
    made
}
