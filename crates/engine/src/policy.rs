//! Whether a message or a call may go out now: under its policies, to its address, in the quiet hours of its journey.

use std::collections::{BTreeMap, BTreeSet};

use graph::{
    CallError, ErrorKind, Journey, Message, Name, Policy, Quiet, Step, StepKind, Value, Way, library::Fault,
};
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
    /// It does not go out.
    HeldBack(Objection),
}

/// Why something does not go out, and the policy that says so; none where its address does.
struct Objection {
    policy: Option<Name>,
    reason: String,
}

impl<'a> Walk<'a> {
    /// Makes the call of a `call` or `send` step, or has it wait, or goes on without it, as its policies say.
    pub(crate) fn reach_out(&mut self, node: NodeIndex, step: &'a Step) -> Result<Option<NodeIndex>, Fault> {
        let (policies, quiet) = self.policies_of(step);
        match self.judge(step, &policies, quiet)? {
            Verdict::Goes => {
                if policies.iter().any(|policy| policy.subscription.is_some()) {
                    self.reached.extend(self.address_of(step));
                }
                let counted = policies.into_iter().filter(|policy| !policy.caps.is_empty());
                self.went_out.extend(counted.map(|policy| policy.name.clone()));
                self.begin_call(step);
                Ok(None)
            }
            Verdict::Waits(until) => {
                self.rest(Some(until));
                Ok(None)
            }
            Verdict::HeldBack(Objection { policy, reason }) => {
                let by = policy.as_ref().map_or(String::new(), |policy| format!(" by the policy `{policy}`"));
                let error = format!("held back{by}: {reason}");
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

    /// Whether a message that was to go out later must not any more: its person has unsubscribed, or its address gets it no
    /// more, since its call was decided. The journey goes on without it then.
    pub(crate) fn drops(&mut self, step: &'a Step) -> bool {
        let (policies, _) = self.policies_of(step);
        let mut left = policies.iter().filter_map(|policy| self.unsubscribed(policy));
        let Some(Objection { policy, reason }) = left.next().or_else(|| self.undeliverable(step, &policies))
        else {
            return false;
        };
        self.note(Happening::HeldBack { step: step.name.clone(), policy, reason });
        self.instance.state.call = None;
        self.instance.due_at = None;
        self.leave(Way::Next);
        true
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

    fn judge(&mut self, step: &Step, policies: &[&Policy], quiet: Option<&Quiet>) -> Result<Verdict, Fault> {
        let unsubscribed = policies.iter().find_map(|policy| self.unsubscribed(policy));
        if let Some(objection) = unsubscribed.or_else(|| self.undeliverable(step, policies)) {
            return Ok(Verdict::HeldBack(objection));
        }
        let (scope, now) = (self.scope(), self.context.now);
        for policy in policies {
            if let Some(reason) = self.held_back(policy, &scope)? {
                return Ok(Verdict::HeldBack(Objection { policy: Some(policy.name.clone()), reason }));
            }
        }
        // Quiet hours come last: what is held back anyway does not wait for them.
        let mut until = None;
        for quiet in policies.iter().filter_map(|policy| policy.quiet.as_ref()).chain(quiet) {
            until = until.max(quiet_until(quiet, &scope, now)?);
        }
        Ok(until.map_or(Verdict::Goes, Verdict::Waits))
    }

    /// That the person has unsubscribed from a policy.
    fn unsubscribed(&self, policy: &Policy) -> Option<Objection> {
        let subscription = policy.subscription.as_ref()?;
        let since = self.context.standing.left.get(&policy.name)?;
        let reason = format!("unsubscribed from “{subscription}” on {}", since.strftime("%F"));
        Some(Objection { policy: Some(policy.name.clone()), reason })
    }

    /// That the address of a message gets nothing any more, or nothing under one of its policies.
    fn undeliverable(&mut self, step: &Step, policies: &[&Policy]) -> Option<Objection> {
        let address = self.address_of(step)?;
        self.addresses.push(address.clone());
        let context = self.context;
        let barred = context.suppressed.get(&address)?;
        if let Some(reason) = &barred.reason {
            let reason = format!("its address is on the suppression list: {reason}");
            return Some(Objection { policy: None, reason });
        }
        for policy in policies {
            let (Some(subscription), Some(since)) = (&policy.subscription, barred.left.get(&policy.name))
            else {
                continue;
            };
            // Whoever has the address now has said later that they want it.
            if context.standing.back.get(&policy.name).is_some_and(|back| back > since) {
                self.lifted.push((address.clone(), policy.name.clone()));
                continue;
            }
            let day = since.strftime("%F");
            let reason =
                format!("its address unsubscribed from “{subscription}” on {day}, before an erasure");
            return Some(Objection { policy: Some(policy.name.clone()), reason });
        }
        None
    }

    /// The address that a message goes to. One that cannot be computed is none; that is said where the request is made.
    fn address_of(&self, step: &Step) -> Option<Name> {
        let StepKind::Send { message, args, .. } = &step.kind else { return None };
        let message = self.journey.messages.get(message)?;
        let address = message.args.get(message.address?)?;
        let scope = self.scope();
        let given: Option<Vec<Value>> = args.iter().map(|arg| evaluate(arg, &scope).ok()).collect();
        let params = message.params.iter().map(|(name, _)| name.clone()).zip(given?).collect();
        match evaluate(address, &scope.with_variables(&params)) {
            Ok(Value::Text(address)) if !address.is_empty() => Some(address),
            _ => None,
        }
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
            let sent = self.context.standing.sent.get(&policy.name).map_or(&[][..], Vec::as_slice);
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

/// Takes in that a person unsubscribes from a policy or comes back to it, unless what is known is newer.
pub fn subscribe(left: &mut Left, back: &mut Left, policy: &Name, subscribed: bool, at: Timestamp) {
    let (said, otherwise) = if subscribed { (back, left) } else { (left, back) };
    if said.get(policy).max(otherwise.get(policy)).is_some_and(|known| *known > at) {
        return;
    }
    otherwise.remove(policy);
    said.insert(policy.clone(), at);
}

/// The addresses of a person that messages under a subscription go to, as far as the profile alone says it.
pub fn addresses<'m>(
    messages: impl Iterator<Item = &'m Message>,
    profile: &Value,
    now: Timestamp,
) -> BTreeSet<Name> {
    let nothing = BTreeMap::new();
    let scope = Scope::new(profile, &Value::Null, &nothing, now);
    let under = |message: &&Message| {
        let mut policies = message.policies.iter().chain(&message.action.policy);
        policies.any(|policy| policy.subscription.is_some())
    };
    let address = |message: &Message| match evaluate(message.args.get(message.address?)?, &scope) {
        Ok(Value::Text(address)) if !address.is_empty() => Some(address),
        // What it is given with each sending is not known here.
        _ => None,
    };
    messages.filter(under).filter_map(address).collect()
}

/// When messages went out to a person, by policy, in microseconds since 1970, earliest first.
pub type Sent = BTreeMap<Name, Vec<i64>>;

/// The policies that a person has unsubscribed from, and when.
pub type Left = BTreeMap<Name, Timestamp>;

/// What is known against an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Barred {
    /// Why it gets nothing at all any more, if that is so.
    pub reason: Option<Name>,
    /// The policies that people of it had unsubscribed from when they were erased, and when.
    pub left: Left,
}

/// How a person stands with policies.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Standing {
    /// When messages went out to them.
    pub sent: Sent,
    /// What they have unsubscribed from.
    pub left: Left,
    /// What they have said that they want, and when: whoever had the address before may have left it.
    pub back: Left,
}

/// Somebody to whom nothing went out yet.
pub(crate) static NEWCOMER: Standing = Standing { sent: Sent::new(), left: Left::new(), back: Left::new() };
