//! Policies: when messages may go out, and how many.

use std::sync::Arc;

use graph::{Condition, Policy, Quiet, Type};

use super::{
    expr::Check,
    scope::{Env, Event, Scope},
};
use crate::{
    diagnostic::{Code, Report},
    syntax::ast::{self, Ident},
};

/// Checks a policy.
pub(super) fn check(policy: &ast::Policy, env: &mut Env<'_>) -> Arc<Policy> {
    let mut scope = Scope::new(Event::Nobody);
    let mut check = Check { env, scope: &mut scope };
    let only_when = policy.only_when.iter().map(|condition| Condition {
        text: check.env.text(condition.at).into(),
        expr: check.condition(condition),
    });
    let only_when = only_when.collect();
    let quiet = policy.quiet.first().map(|(_, quiet)| Quiet {
        from: quiet.from,
        until: quiet.until,
        zone: check.expect(&quiet.zone, &Type::TimeZone, "the zone"),
    });
    for (at, _) in policy.quiet.iter().skip(1) {
        let message = "`quiet hours` are said twice";
        check.report(Report::new(Code::DuplicateName, *at, message).label("said again here"));
    }
    if let Some((at, quiet)) = policy.quiet.first()
        && quiet.from == quiet.until
    {
        check.report(
            Report::new(Code::BadSchedule, *at, "these hours end when they begin")
                .label("all day, or never?")
                .help("leave them out for never; for always, say `only when false`"),
        );
    }
    let caps = policy.caps.iter().map(|(_, rate)| *rate).collect();
    for (at, rate) in &policy.caps {
        if rate.count > 1_000 || rate.per == 0 {
            check.report(
                Report::new(Code::BadSetting, *at, "a cap goes up to 1,000 messages in some time")
                    .label("out of range"),
            );
        }
    }
    Arc::new(Policy { name: policy.name.text.clone(), only_when, quiet, caps })
}

/// The policy that a message names.
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
