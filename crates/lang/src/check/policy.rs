//! Policies: when messages and calls may go out, and how many.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use graph::{
    Action, Condition, Message, Name, Policy, Quiet, Type, subscription as subscription_of,
    subscription_record,
};

use super::{
    expr::Check,
    scope::{Env, Event, Scope},
};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{self, Ident, QuietHours, Under},
    },
};

/// Checks a policy.
pub(super) fn check(policy: &ast::Policy, env: &mut Env<'_>) -> Arc<Policy> {
    let mut scope = Scope::new(Event::Nobody);
    scope.audiences = Some(BTreeSet::new());
    let mut check = Check { env, scope: &mut scope };
    let subscription = subscription(policy, &mut check);
    let only_when = policy.only_when.iter().map(|condition| Condition {
        text: check.env.text(condition.at).into(),
        expr: check.condition(condition),
    });
    let only_when = only_when.collect();
    let quiet = quiet(&policy.quiet, &mut check);
    let caps = policy.caps.iter().map(|(_, rate)| *rate).collect();
    for (at, rate) in &policy.caps {
        if rate.count > 1_000 || rate.per == 0 {
            check.report(
                Report::new(Code::BadSetting, *at, "a cap goes up to 1,000 in some time")
                    .label("out of range"),
            );
        }
    }
    let audiences = scope.audiences.unwrap_or_default();
    Arc::new(Policy { name: policy.name.text.clone(), subscription, only_when, quiet, caps, audiences })
}

/// What people may unsubscribe from: a fixed text, which they read.
fn subscription(policy: &ast::Policy, check: &mut Check<'_, '_>) -> Option<Name> {
    for (at, _) in policy.subscription.iter().skip(1) {
        let message = "`subscription` is said twice";
        check.report(Report::new(Code::DuplicateName, *at, message).label("said again here"));
    }
    let (at, title) = policy.subscription.first()?;
    let fixed = title.fixed().filter(|title| !title.trim().is_empty());
    if fixed.is_none() {
        check.report(
            Report::new(Code::BadSetting, *at, "a subscription has a fixed name, the same for everybody")
                .label("empty, or with holes")
                .help("say what people get, as they would: `subscription \"Offers and news\"`"),
        );
    }
    fixed.map(|title| title.trim().into())
}

/// The policy by which a message can be unsubscribed from: its own before those for all messages.
pub(super) fn unsubscribed_by(policies: &[Arc<Policy>]) -> Option<&Arc<Policy>> {
    policies.iter().rev().find(|policy| policy.subscription.is_some())
}

/// The type of the event of a subscription, `marketing.unsubscribed`, if it is one.
pub(super) fn event_type(event: &Ident, env: &Env<'_>) -> Option<Type> {
    let (policy, _) = subscription_of(&event.text)?;
    let (declared, _) = env.names.policies.get(policy)?;
    (!declared.subscription.is_empty()).then(|| Type::Record(subscription_record()))
}

/// The quiet hours of a policy or a journey, which are said once at most.
pub(super) fn quiet(said: &[(At, QuietHours)], check: &mut Check<'_, '_>) -> Option<Quiet> {
    for (at, _) in said.iter().skip(1) {
        let message = "`quiet hours` are said twice";
        check.report(Report::new(Code::DuplicateName, *at, message).label("said again here"));
    }
    let (at, hours) = said.first()?;
    if hours.from == hours.until {
        check.report(
            Report::new(Code::BadSchedule, *at, "these hours end when they begin")
                .label("all day, or never?")
                .help("leave them out for never; for always, say `only when false` in a policy"),
        );
    }
    let zone = check.zone(hours.zone.as_ref(), *at);
    Some(Quiet { from: hours.from, until: hours.until, zone })
}

/// The policies that a message is sent under.
pub(super) fn over(message: &ast::Message, env: &mut Env<'_>) -> Vec<Arc<Policy>> {
    if let Under::One(name) = &message.under {
        named(name, env);
    }
    let names = env.names.policies_over(&message.under);
    names.into_iter().filter_map(|name| env.policies.get(name).cloned()).collect()
}

/// The policy that a message or an action names.
pub(super) fn named(name: &Ident, env: &mut Env<'_>) -> Option<Arc<Policy>> {
    let found = env.policies.get(&name.text).cloned();
    if found.is_none() {
        let known = env.names.policies.keys().map(|name| &**name);
        let report = Report::new(Code::UnknownName, name.at, format!("there is no policy `{}`", name.text))
            .label("not declared")
            .help(format!("declare it: `policy {} {{ at most 3 per 7 days }}`", name.text))
            .did_you_mean(name.at, &name.text, known);
        env.report(report);
    }
    found
}

/// The policies of what a journey calls and sends, by name.
pub(super) fn of(
    actions: &BTreeMap<Name, Arc<Action>>,
    messages: &BTreeMap<Name, Arc<Message>>,
) -> BTreeMap<Name, Arc<Policy>> {
    let called = actions.values().filter_map(|action| action.policy.as_ref());
    let sent = messages.values().flat_map(|message| &message.policies);
    called.chain(sent).map(|policy| (policy.name.clone(), policy.clone())).collect()
}
