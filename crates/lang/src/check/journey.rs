//! A journey: its rules, its steps, and what it uses.

use std::collections::BTreeMap;

use graph::{
    BinaryOp, Condition, ExitRule, Expr as G, Goal, Listener, Name, REACTIONS, Reentry, Root, SUBSCRIPTIONS,
    SYSTEM_EVENTS, Type, reaction, reaction_record, subscription, system_record,
};

use super::{
    Checked, Kind, Ty, action, audience,
    entry::{self, Entered},
    expr::Check,
    jumps::Jumps,
    message, policy,
    scope::{Env, Event, Scope, record_of},
    steps::Walk,
    system,
};
use crate::{
    diagnostic::{Code, Report},
    lower::bundle,
    syntax::{
        At,
        ast::{Block, Ident, Journey, Listen},
    },
};

/// Checks a journey; `None` when it is too broken to say anything about its steps.
pub(crate) fn check(
    name: &Name,
    journey: &Journey,
    doc: Option<&Name>,
    env: &mut Env<'_>,
) -> Option<Checked> {
    if !system::enters(journey, env) {
        return of_people(name, journey, doc, env);
    }
    let people = system::leave_people(env);
    let checked = of_people(name, journey, doc, env).map(|made| Checked { is_of_system: true, ..made });
    if let Some(checked) = &checked {
        system::policies(checked, journey.name.at, env);
    }
    env.profile = people;
    checked
}

fn of_people(name: &Name, journey: &Journey, doc: Option<&Name>, env: &mut Env<'_>) -> Option<Checked> {
    let Entered { entries, input, schedule, mut scope, event } = entry::check(journey, env)?;
    twice(journey, env);
    let mut check = Check { env, scope: &mut scope };
    let one_per = journey.one_per.first().map(|(_, value)| one_per(value, &mut check));
    let open = journey.open.first().map(|open| entry::open(open, &mut check)).unwrap_or_default();
    let exits = journey.exits.iter().map(|listen| ExitRule { on: listener(listen, &mut check).0 }).collect();
    let leave_when = journey.leave_when.iter().map(|condition| leave_when(condition, &mut check)).collect();
    let goal =
        journey.goal.first().map(|goal| Goal { on: listener(&goal.on, &mut check).0, within: goal.within });
    let zone = journey.zone.first().map(|(_, zone)| check.expect(zone, &Type::TimeZone, "the time zone"));
    check.scope.zone = zone;
    let quiet = policy::quiet(&journey.quiet, &mut check);
    let failed = record_of(&[("step", Type::Text), ("reason", Type::Text), ("kind", Type::Text)]);
    let failure = journey
        .failure
        .first()
        .map(|(_, alias, block)| handler(alias.as_ref(), failed, block, env, &mut scope));
    let left = record_of(&[("reason", Type::Text), ("detail", Type::Text.optional())]);
    let farewell = journey
        .farewell
        .first()
        .map(|(_, alias, block)| handler(alias.as_ref(), left, block, env, &mut scope));
    let steps = walk(&journey.steps, env, &mut scope);
    unsent(name, &scope, env);
    let (actions, messages) = used(name, &scope, event, env);
    let policies = policy::of(&actions, &messages);
    let mut audiences = scope.audiences.unwrap_or_default();
    audiences.extend(policies.values().flat_map(|policy| policy.audiences.clone()));
    let bundle = bundle::of(&(Kind::Journey, name.clone()), &scope.used, env);
    Some(Checked {
        name: name.clone(),
        is_of_system: false,
        doc: doc.cloned(),
        source: bundle.text.into(),
        shift: bundle.shift,
        entries,
        input,
        schedule,
        open,
        inside: journey.inside.first().map(|(_, policy)| *policy).unwrap_or_default(),
        one_per,
        reentry: journey.reentry.first().map_or(Reentry::Always, |(_, reentry)| *reentry),
        exits,
        leave_when,
        goal,
        quiet,
        priority: journey.priority.first().map_or(0, |(_, priority)| *priority),
        expire: journey.expire.first().map(|(_, micros)| *micros),
        failure,
        farewell,
        steps,
        actions,
        messages,
        policies,
        audiences,
        awaited: scope.awaited,
    })
}

/// Reports rules that are said twice.
fn twice(journey: &Journey, env: &mut Env<'_>) {
    once("time zone", journey.zone.iter().map(|(at, _)| *at), env);
    once("priority", journey.priority.iter().map(|(at, _)| *at), env);
    once("open", journey.open.iter().map(|open| open.at), env);
    once("when inside", journey.inside.iter().map(|(at, _)| *at), env);
    once("goal", journey.goal.iter().map(|goal| goal.at), env);
    once("one per", journey.one_per.iter().map(|(at, _)| *at), env);
    once("re-enter", journey.reentry.iter().map(|(at, _)| *at), env);
    once("expire after", journey.expire.iter().map(|(at, _)| *at), env);
    once("on exit", journey.farewell.iter().map(|(at, ..)| *at), env);
    once("on failure", journey.failure.iter().map(|(at, ..)| *at), env);
}

/// Reports every place but the first where a rule is said.
fn once(rule: &str, places: impl Iterator<Item = At>, env: &mut Env<'_>) {
    for at in places.skip(1) {
        let message = format!("`{rule}` is said twice");
        env.report(Report::new(Code::DuplicateName, at, message).label("said again here"));
    }
}

/// The type of an event's properties; an unknown event is reported.
pub(crate) fn event_type(event: &Ident, env: &mut Env<'_>) -> Ty {
    if let Some(ty) = audience::event_type(event, env) {
        return Some(ty);
    }
    if let Some((message, _)) = reaction(&event.text)
        && env.names.messages.contains_key(message)
    {
        return Some(Type::Record(reaction_record()));
    }
    if let Some(ty) = policy::event_type(event, env) {
        return Some(ty);
    }
    if let Some(record) = system_record(&event.text) {
        return Some(Type::Record(record));
    }
    if event.text.contains('.') {
        derived(event, env);
        return None;
    }
    if !env.names.events.contains_key(&event.text) {
        let wire = env.names.events.values().find(|known| {
            known
                .wire
                .and_then(|wire| wire.fixed())
                .is_some_and(|wire| wire.eq_ignore_ascii_case(&event.text))
        });
        let report = Report::new(Code::UnknownEvent, event.at, format!("there is no event `{}`", event.text))
            .label("not declared")
            .help(format!("declare it: `event {} {{ … }}`", event.text));
        let report = match wire {
            Some(known) => {
                report.help(format!("did you mean `{}`?", known.name.text)).fix(event.at, &*known.name.text)
            }
            None => report.did_you_mean(event.at, &event.text, env.names.events.keys().map(|name| &**name)),
        };
        env.report(report);
        return None;
    }
    env.types.get(&event.text).and_then(|(ty, _)| ty.clone())
}

/// A reaction concerns an instance if it is to a message that it sent itself, as far as that is known.
fn to_own_message(alias: &Name, condition: Option<G>) -> G {
    let of = |of: G, field: &str| G::Field { of: Box::new(of), name: field.into() };
    let own = of(G::Root(Root::Journey), "instance");
    let sender = of(G::Variable(alias.clone()), "instance");
    let sender = G::Binary(BinaryOp::Coalesce, Box::new(sender), Box::new(own.clone()));
    let ours = G::Binary(BinaryOp::Equal, Box::new(sender), Box::new(own));
    match condition {
        Some(condition) => G::Binary(BinaryOp::And, Box::new(ours), Box::new(condition)),
        None => ours,
    }
}

/// Reports that a journey heeds reactions to messages that it never sends.
fn unsent(journey: &Name, scope: &Scope, env: &mut Env<'_>) {
    for (message, at) in scope.heeded.iter().filter(|(message, _)| !scope.sent.contains(message)) {
        env.report(
            Report::new(Code::UnknownEvent, *at, format!("`{journey}` never sends `{message}`"))
                .label("nobody can react to it")
                .help(format!(
                    "send it in this journey, or let people in by it: `enter on {message}.clicked`"
                )),
        );
    }
}

/// Reports an event that nothing lets happen.
fn derived(event: &Ident, env: &mut Env<'_>) {
    let audiences = env.names.audiences.keys();
    let messages = env.names.messages.keys();
    let subscriptions = env.names.policies.iter().filter(|(_, (policy, _))| !policy.subscription.is_empty());
    let subscriptions = subscriptions.map(|(name, _)| name);
    let known: Vec<String> = SYSTEM_EVENTS
        .iter()
        .map(|name| (*name).to_owned())
        .chain(audiences.flat_map(|name| [format!("{name}.joined"), format!("{name}.left")]))
        .chain(messages.flat_map(|name| REACTIONS.map(|reaction| format!("{name}.{reaction}"))))
        .chain(subscriptions.flat_map(|name| SUBSCRIPTIONS.map(|word| format!("{name}.{word}"))))
        .collect();
    let message = format!("nothing lets `{}` happen", event.text);
    env.report(
        Report::new(Code::UnknownEvent, event.at, message)
            .label("no such event")
            .help(format!(
                "an audience has `joined` and `left`, a message `{}`, a policy with a `subscription` `{}`; the server tells `{}`",
                REACTIONS.join("`, `"),
                SUBSCRIPTIONS.join("`, `"),
                SYSTEM_EVENTS.join("`, `")
            ))
            .did_you_mean(event.at, &event.text, known.iter().map(String::as_str)),
    );
}

/// Notes that an event is used: of an audience or a message, that is.
pub(crate) fn uses_event(event: &Ident, scope: &mut Scope) {
    match event.text.split_once('.') {
        Some(_) if system_record(&event.text).is_some() => {}
        Some((base, _)) if reaction(&event.text).is_some() => {
            scope.uses(Kind::Message, &Ident { text: base.into(), at: event.at });
        }
        Some((base, _)) if subscription(&event.text).is_some() => {
            scope.uses(Kind::Policy, &Ident { text: base.into(), at: event.at });
        }
        Some((base, _)) => scope.uses(Kind::Audience, &Ident { text: base.into(), at: event.at }),
        None => scope.uses(Kind::Event, event),
    }
}

/// An event that is listened for, and its type.
pub(crate) fn listener(listen: &Listen, check: &mut Check<'_, '_>) -> (Listener, Ty) {
    let ty = event_type(&listen.event, check.env);
    system::heeded(&listen.event, check.env);
    uses_event(&listen.event, check.scope);
    let mark = check.scope.mark();
    let alias = match &listen.alias {
        Some(alias) => {
            check.scope.bind_variable(alias, ty.clone(), check.env);
            alias.text.clone()
        }
        None => {
            let it: Name = "it".into();
            check.scope.bind_quietly(&it, listen.event.at, ty.clone());
            it
        }
    };
    let condition = listen.condition.as_ref().map(|condition| check.condition(condition));
    check.scope.reset(mark);
    let condition = match reaction(&listen.event.text) {
        // An audience looks at what a person did, whoever sent it.
        Some(_) if matches!(check.scope.event, Event::Nobody) => condition,
        Some((message, _)) if check.env.names.messages.contains_key(message) => {
            check.scope.heeded.push((message.into(), listen.event.at));
            Some(to_own_message(&alias, condition))
        }
        _ => condition,
    };
    (Listener { event: listen.event.text.clone(), alias, condition }, ty)
}

fn leave_when(condition: &crate::syntax::ast::Expr, check: &mut Check<'_, '_>) -> Condition {
    Condition { text: check.env.text(condition.at).into(), expr: check.condition(condition) }
}

fn one_per(value: &crate::syntax::ast::Expr, check: &mut Check<'_, '_>) -> graph::Expr {
    let (made, ty) = check.infer(value, None);
    match ty {
        Some(ty) if ty.is_optional() => check.unsettled(value.at, &ty, "what sets instances apart"),
        Some(ty @ (Type::List(_) | Type::Record(_) | Type::Union(_) | Type::Json | Type::Decimal)) => check
            .report(
                Report::new(
                    Code::WrongType,
                    value.at,
                    format!("instances are set apart by a text or an integer, this is {ty}"),
                )
                .label(format!("this is {ty}")),
            ),
        _ => {}
    }
    made
}

/// Checks a sequence of steps with its jumps.
fn walk(block: &Block, env: &mut Env<'_>, scope: &mut Scope) -> super::Plan {
    let mut walk = Walk { env, scope, gives: None, jumps: Jumps::of(block) };
    let plan = walk.block(block).0;
    walk.jumps.settle(walk.env);
    plan
}

/// The steps of `on failure` and `on exit`, with the name of what they are told.
fn handler(
    alias: Option<&Ident>,
    told: Type,
    block: &Block,
    env: &mut Env<'_>,
    scope: &mut Scope,
) -> (Option<Name>, super::Plan) {
    let mark = scope.mark();
    if let Some(alias) = alias {
        scope.bind_variable(alias, Some(told), env);
    }
    let plan = walk(block, env, scope);
    scope.reset(mark);
    (alias.map(|alias| alias.text.clone()), plan)
}

type Used = (BTreeMap<Name, std::sync::Arc<graph::Action>>, BTreeMap<Name, std::sync::Arc<graph::Message>>);

/// The actions and messages that the journey uses, each for its entry event.
fn used(journey: &Name, scope: &Scope, event: Ty, env: &mut Env<'_>) -> Used {
    let (mut actions, mut messages) = (BTreeMap::new(), BTreeMap::new());
    for ((kind, name), at) in &scope.used {
        let event = Event::Known(event.clone());
        match kind {
            Kind::Action => {
                actions.extend(
                    action::for_event(name, event, journey, *at, env).map(|made| (name.clone(), made)),
                );
            }
            Kind::Message => {
                if let Some(made) = message::for_event(name, event, journey, *at, env) {
                    actions.insert(made.action.name.clone(), made.action.clone());
                    messages.insert(name.clone(), made);
                }
            }
            Kind::Profile
            | Kind::Type
            | Kind::Event
            | Kind::Function
            | Kind::Audience
            | Kind::Connection
            | Kind::Policy
            | Kind::Webhook
            | Kind::Journey
            | Kind::Test => {}
        }
    }
    (actions, messages)
}
