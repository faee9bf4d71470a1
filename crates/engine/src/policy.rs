//! Whether a message or a call may go out now: under its policies and the quiet hours of its journey.

use graph::{CallError, ErrorKind, Journey, Name, Policy, Quiet, Step, StepKind, Way, library::Fault};
use jiff::Timestamp;
use petgraph::graph::NodeIndex;

use crate::{
    Happening,
    eval::{Scope, evaluate, holds},
    moment::{hours, zone_of},
    walk::Walk,
};

/// What the policies say.
enum Verdict {
    /// It goes out.
    Goes,
    /// It waits until then.
    Waits(Timestamp),
    /// It does not go out, for this reason.
    HeldBack { policy: Name, reason: String },
}

impl<'a> Walk<'a> {
    /// Makes the call of a `call` or `send` step, or has it wait, or goes on without it, as its policies say.
    pub(crate) fn reach_out(&mut self, node: NodeIndex, step: &'a Step) -> Result<Option<NodeIndex>, Fault> {
        let (policies, quiet) = self.policies_of(step);
        match self.judge(&policies, quiet)? {
            Verdict::Goes => {
                let counted = policies.into_iter().filter(|policy| !policy.caps.is_empty());
                self.went_out.extend(counted.map(|policy| policy.name.clone()));
                self.begin_call(step);
                Ok(None)
            }
            Verdict::Waits(until) => {
                self.rest(Some(until));
                Ok(None)
            }
            Verdict::HeldBack { policy, reason } => {
                let error = format!("held back by the policy `{policy}`: {reason}");
                self.note(Happening::HeldBack { step: step.name.clone(), policy, reason });
                if matches!(step.kind, StepKind::Send { .. }) {
                    return Ok(self.pass(node, Way::Next));
                }
                // An answer is missing that later steps may name: that is an error, which the file settles.
                self.settle(step, Err(CallError::new(ErrorKind::Capped, error)));
                Ok(None)
            }
        }
    }

    /// What a step goes out under: the policies of its message and of its action, and the journey's own quiet hours,
    /// which are for messages.
    fn policies_of(&self, step: &Step) -> (Vec<&'a Policy>, Option<&'a Quiet>) {
        let journey = self.journey;
        match &step.kind {
            StepKind::Send { message, .. } => {
                let message = journey.messages.get(message);
                let own = message.into_iter().flat_map(|message| &message.policies);
                let carried = message.and_then(|message| message.action.policy.as_ref());
                let mut policies: Vec<&Policy> = own.map(|policy| &**policy).collect();
                policies.extend(carried.map(|policy| &**policy));
                // What is named on both sides counts once.
                policies.sort_by(|a, b| a.name.cmp(&b.name));
                policies.dedup_by(|a, b| a.name == b.name);
                (policies, journey.quiet.as_ref())
            }
            StepKind::Call { action, .. } => {
                let action = journey.actions.get(action);
                (action.and_then(|action| action.policy.as_deref()).into_iter().collect(), None)
            }
            _ => (Vec::new(), None),
        }
    }

    fn judge(&self, policies: &[&Policy], quiet: Option<&Quiet>) -> Result<Verdict, Fault> {
        let (scope, now) = (self.scope(), self.context.now);
        for policy in policies {
            if let Some(reason) = self.held_back(policy, &scope)? {
                return Ok(Verdict::HeldBack { policy: policy.name.clone(), reason });
            }
        }
        // Quiet hours come last: what is held back anyway does not wait for them.
        let mut until = None;
        for quiet in policies.iter().filter_map(|policy| policy.quiet.as_ref()).chain(quiet) {
            until = until.max(quiet_until(quiet, &scope, now)?);
        }
        Ok(until.map_or(Verdict::Goes, Verdict::Waits))
    }

    /// Why a policy lets nothing go out now.
    fn held_back(&self, policy: &Policy, scope: &Scope<'_>) -> Result<Option<String>, Fault> {
        for condition in &policy.only_when {
            if !holds(&condition.expr, scope)? {
                return Ok(Some(format!("`{}` does not hold", condition.text)));
            }
        }
        for cap in &policy.caps {
            let earliest = self.context.now.as_microsecond().saturating_sub(cap.per);
            let sent = self.context.sent.get(&policy.name).map_or(&[][..], Vec::as_slice);
            let in_this_turn = self.went_out.iter().filter(|name| **name == policy.name).count();
            let recent = sent.iter().filter(|at| **at > earliest).count() + in_this_turn;
            if recent >= usize::try_from(cap.count).unwrap_or(usize::MAX) {
                let time = graph::duration_text(cap.per);
                return Ok(Some(format!("{} went out within {time} already", cap.count)));
            }
        }
        Ok(None)
    }
}

/// When the quiet hours end that it is in now.
fn quiet_until(quiet: &Quiet, scope: &Scope<'_>, now: Timestamp) -> Result<Option<Timestamp>, Fault> {
    let zone = zone_of(&evaluate(&quiet.zone, scope)?)?;
    let hours = hours(quiet.from, quiet.until, &[], &zone, now);
    Ok(hours.filter(|(begin, _)| *begin <= now).map(|(_, end)| end))
}

/// Adds what went out by a turn of a journey, and forgets what none of its policies looks back to any more.
pub fn remember(sent: &mut Sent, journey: &Journey, went_out: &[Name], now: Timestamp) {
    for name in went_out {
        sent.entry(name.clone()).or_default().push(now.as_microsecond());
    }
    for policy in journey.policies.values() {
        let longest = policy.caps.iter().map(|cap| cap.per).max().unwrap_or_default();
        let most = policy.caps.iter().map(|cap| cap.count).max().unwrap_or_default();
        if let Some(times) = sent.get_mut(&policy.name) {
            let earliest = now.as_microsecond().saturating_sub(longest);
            times.retain(|at| *at > earliest);
            let surplus = times.len().saturating_sub(usize::try_from(most).unwrap_or(usize::MAX));
            times.drain(..surplus);
        }
    }
    sent.retain(|_, times| !times.is_empty());
}

/// When messages went out to a person, by policy, in microseconds since 1970, earliest first.
pub type Sent = std::collections::BTreeMap<Name, Vec<i64>>;

/// Nothing went out.
pub(crate) static NOTHING_SENT: Sent = Sent::new();
