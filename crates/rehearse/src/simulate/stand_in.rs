//! Stands in for the partners of a simulation.

use std::sync::Arc;

use engine::{CallOutcome, Output};
use graph::{CallError, ErrorKind, Journey, StepKind, Value, json};
use jiff::SignedDuration;

use super::{Draw, Plan, Report};
use crate::{Attempt, World};

/// An answer, and how many of a hundred calls get it.
#[derive(Clone, Debug, PartialEq)]
pub struct Share {
    /// Of a hundred; what is left over goes to the last one.
    pub percent: u32,
    /// The answer.
    pub answer: Answer,
}

/// What a partner answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// A good answer with this body.
    Returns(Value),
    /// An answer with another status.
    Status(u16),
    /// No answer.
    Fails(ErrorKind),
}

/// Answers calls and counts what happens.
pub(super) struct StandIn<'p> {
    plan: &'p Plan<'p>,
    pub(super) report: Report,
}

impl<'p> StandIn<'p> {
    pub(super) fn new(plan: &'p Plan<'p>, journey: &Arc<Journey>) -> StandIn<'p> {
        StandIn { plan, report: Report::new(journey) }
    }
}

impl World for StandIn<'_> {
    fn answer(&mut self, attempt: &Attempt<'_>) -> (SignedDuration, CallOutcome) {
        if attempt.number == 1 {
            let step =
                attempt.journey.find(&attempt.instance.step).and_then(|node| attempt.journey.step(node));
            match step.map(|step| &step.kind) {
                Some(StepKind::Send { message, .. }) => self.report.sends(message),
                _ => self.report.calls(attempt.action),
            }
        }
        let name = format!("{} {} {}", attempt.instance.id, attempt.action, attempt.instance.state.calls);
        let mut draw = Draw::new(self.plan.seed, &name);
        let answers = attempt.journey.actions.get(attempt.action).and_then(|action| action.answer.as_ref());
        let good = |value: &Value| match answers {
            Some(answers) => answers.answer_of(value),
            None => graph::Answer::of(200, json::write(value)),
        };
        let outcome = match self.plan.answers.get(attempt.action).map(|shares| pick(shares, &mut draw)) {
            Some(Some(Answer::Returns(value))) => Ok(good(value)),
            Some(Some(Answer::Status(status))) => Ok(graph::Answer::of(*status, "")),
            Some(Some(Answer::Fails(kind))) => {
                Err(CallError::new(*kind, format!("the simulation says `{}`", kind.word())))
            }
            Some(None) | None => Ok(match answers {
                Some(answers) => good(&draw.value(&answers.ty())),
                None => graph::Answer::of(200, ""),
            }),
        };
        (SignedDuration::ZERO, outcome)
    }

    fn turned(&mut self, journey: &Journey, output: &Output) {
        self.report.turned(journey, output);
    }
}

fn pick<'s>(shares: &'s [Share], draw: &mut Draw) -> Option<&'s Answer> {
    let mut point = draw.below(100);
    for share in shares {
        match point.checked_sub(u64::from(share.percent)) {
            Some(rest) => point = rest,
            None => return Some(&share.answer),
        }
    }
    shares.last().map(|share| &share.answer)
}
