//! Whether a message may go out now: under the policy that it is sent under.

use graph::{Journey, Name, Policy, Quiet, Way, library::Fault, schedule::first_instant};
use jiff::{SignedDuration, Timestamp, ToSpan};
use petgraph::graph::NodeIndex;

use crate::{
    Happening,
    eval::{Scope, evaluate, holds},
    moment::zone_of,
    walk::Walk,
};

/// What a policy says.
enum Verdict {
    /// It goes out.
    Goes,
    /// It waits until then.
    Waits(Timestamp),
    /// It does not go out, for this reason.
    HeldBack(String),
}

impl Walk<'_> {
    /// Sends a message, or has it wait, or goes on without it.
    pub(crate) fn send(&mut self, node: NodeIndex, message: &str) -> Result<Option<NodeIndex>, Fault> {
        let journey = self.journey;
        let Some(step) = journey.step(node) else { return Ok(None) };
        let policy = journey.messages.get(message).and_then(|message| message.policy.as_deref());
        let Some(policy) = policy else {
            self.begin_call(step);
            return Ok(None);
        };
        match self.judge(policy)? {
            Verdict::Goes => {
                self.count(policy);
                self.begin_call(step);
                Ok(None)
            }
            Verdict::Waits(until) => {
                self.rest(Some(until));
                Ok(None)
            }
            Verdict::HeldBack(reason) => {
                let (step, policy) = (step.name.clone(), policy.name.clone());
                self.note(Happening::HeldBack { step, policy, reason });
                Ok(self.pass(node, Way::Next))
            }
        }
    }

    fn judge(&self, policy: &Policy) -> Result<Verdict, Fault> {
        let (scope, now) = (self.scope(), self.context.now);
        for condition in &policy.only_when {
            if !holds(&condition.expr, &scope)? {
                return Ok(Verdict::HeldBack(format!("`{}` does not hold", condition.text)));
            }
        }
        for cap in &policy.caps {
            let earliest = now.as_microsecond().saturating_sub(cap.per);
            let sent = self.context.sent.get(&policy.name).map_or(&[][..], Vec::as_slice);
            let recent = sent.iter().filter(|at| **at > earliest).count() + self.counted(policy);
            if recent >= usize::try_from(cap.count).unwrap_or(usize::MAX) {
                let time = graph::duration_text(cap.per);
                return Ok(Verdict::HeldBack(format!("{} went out within {time} already", cap.count)));
            }
        }
        // Quiet hours come last: what is held back anyway does not wait for them.
        match &policy.quiet {
            Some(quiet) => Ok(quiet_until(quiet, &scope, now)?.map_or(Verdict::Goes, Verdict::Waits)),
            None => Ok(Verdict::Goes),
        }
    }
}

/// When the quiet hours end that it is in now.
fn quiet_until(quiet: &Quiet, scope: &Scope<'_>, now: Timestamp) -> Result<Option<Timestamp>, Fault> {
    let zone = zone_of(&evaluate(&quiet.zone, scope)?)?;
    let wall = zone.to_datetime(now);
    let time = wall.time();
    let overnight = quiet.until <= quiet.from;
    let is_quiet = if overnight {
        time >= quiet.from || time < quiet.until
    } else {
        time >= quiet.from && time < quiet.until
    };
    if !is_quiet {
        return Ok(None);
    }
    let days = i64::from(overnight && time >= quiet.from);
    let beyond = || Fault::new("the date lies beyond the calendar");
    let day = wall.date().checked_add(days.days()).map_err(|_| beyond())?;
    let end = first_instant(day.to_datetime(quiet.until), &zone).ok_or_else(beyond)?;
    // A clock that is set back may show the end a second time: then it is over already.
    Ok(Some(end.max(now.checked_add(SignedDuration::from_micros(1)).unwrap_or(now))))
}

/// Adds what went out by a turn of a journey, and forgets what none of its policies looks back to any more.
pub fn remember(sent: &mut Sent, journey: &Journey, went_out: &[Name], now: Timestamp) {
    for name in went_out {
        sent.entry(name.clone()).or_default().push(now.as_microsecond());
    }
    for policy in journey.messages.values().filter_map(|message| message.policy.as_deref()) {
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

impl Walk<'_> {
    /// How many of this turn go out under a policy.
    fn counted(&self, policy: &Policy) -> usize {
        self.went_out.iter().filter(|name| **name == policy.name).count()
    }

    fn count(&mut self, policy: &Policy) {
        if !policy.caps.is_empty() {
            self.went_out.push(policy.name.clone());
        }
    }
}
