//! What stands in for the partners of a test, and what went out to them.

use std::{collections::BTreeMap, sync::Arc};

use engine::{CallOutcome, Output, arguments_of};
use graph::{
    Action, Answer, CallError, ErrorKind, Journey, Name, Request, StepKind, Type, Value, json, test::Outgoing,
};
use jiff::{SignedDuration, Timestamp};

use crate::{Attempt, Coverage, World};

/// A call or a message that went out.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// Which of the two.
    pub kind: Outgoing,
    /// The action or message.
    pub name: Name,
    /// The arguments by the names of the parameters.
    pub given: BTreeMap<Name, Value>,
    /// The arguments of the action that carried it.
    pub carried: BTreeMap<Name, Value>,
    /// The request.
    pub request: Request,
    /// When.
    pub at: Timestamp,
}

/// A mock whose expressions are values now.
#[derive(Debug)]
pub(crate) struct Armed {
    pub(crate) action: Name,
    pub(crate) with: Vec<(Name, Value)>,
    /// How many attempts it still answers.
    pub(crate) left: Option<u32>,
    pub(crate) delay: SignedDuration,
    pub(crate) reply: ArmedReply,
}

#[derive(Debug)]
pub(crate) enum ArmedReply {
    Returns(Value),
    Status(u16, Option<Value>),
    Fails(ErrorKind),
}

/// Everything around the people of one test.
#[derive(Debug, Default)]
pub(crate) struct Partners {
    /// The latest that fits answers.
    pub(crate) mocks: Vec<Armed>,
    /// What went out, in order.
    pub(crate) sent: Vec<Sent>,
    /// An action whose answer matters and that nothing answered.
    pub(crate) missing: Option<Name>,
    pub(crate) coverage: Coverage,
}

impl World for Partners {
    fn answer(&mut self, attempt: &Attempt<'_>) -> (SignedDuration, CallOutcome) {
        let Some(action) = attempt.journey.actions.get(attempt.action) else {
            return (
                SignedDuration::ZERO,
                Err(CallError::new(ErrorKind::Invalid, "there is no such action")),
            );
        };
        let sent = sent(attempt, action);
        let carried = sent.as_ref().map(|sent| sent.carried.clone()).unwrap_or_default();
        if attempt.number == 1 {
            self.sent.extend(sent);
        }
        let fits = |mock: &&mut Armed| {
            mock.action == *attempt.action
                && mock.left != Some(0)
                && mock
                    .with
                    .iter()
                    .all(|(name, value)| carried.get(name).is_some_and(|given| given.means_same(value)))
        };
        let Some(mock) = self.mocks.iter_mut().rev().find(fits) else {
            if action.answer.is_none() {
                return (SignedDuration::ZERO, Ok(Answer::of(200, "")));
            }
            self.missing.get_or_insert_with(|| action.name.clone());
            let reason = format!("no mock says what `{}` answers", action.name);
            return (SignedDuration::ZERO, Err(CallError::new(ErrorKind::Invalid, reason)));
        };
        if let Some(left) = &mut mock.left {
            *left -= 1;
        }
        let by_mail = action.connection.mail.is_some();
        let outcome = match &mock.reply {
            ArmedReply::Returns(value) => Ok(good(value, action)),
            ArmedReply::Status(status, body) => Ok(Answer::of(
                *status,
                match (body, &action.error) {
                    (None, _) => String::new(),
                    // A text stands for a body as it is: that of a server in between, for one.
                    (Some(Value::Text(text)), Some(_)) => text.to_string(),
                    // What a mail server says is a line of text.
                    (Some(Value::Text(text)), None) if by_mail => text.to_string(),
                    (Some(body), _) => json::write(body),
                },
            )),
            ArmedReply::Fails(kind) => {
                Err(CallError::new(*kind, format!("the mock of `{}` says `{}`", action.name, kind.word())))
            }
        };
        (mock.delay, outcome)
    }

    fn turned(&mut self, journey: &Journey, output: &Output) {
        self.coverage.see(journey, output);
    }
}

/// The good answer that a mock returns.
fn good(value: &Value, action: &Action) -> Answer {
    match (&action.answer, value) {
        // What a mail server says is a line of text.
        (_, Value::Text(text)) if action.connection.mail.is_some() => Answer::of(200, text.to_string()),
        (Some(answers), value) => answers.answer_of(value),
        (None, Value::Null) => Answer::of(200, ""),
        (None, value) => Answer::of(200, json::write(value)),
    }
}

/// What an attempt carries; none when the step's arguments cannot be computed any more.
fn sent(attempt: &Attempt<'_>, action: &Arc<Action>) -> Option<Sent> {
    let context =
        engine::Context { audiences: attempt.audiences, ..engine::Context::of(attempt.profile, attempt.now) };
    let arguments = arguments_of(attempt.journey, attempt.instance, context).ok()?;
    let named = |params: &[(Name, Type)], values: Vec<Value>| -> BTreeMap<Name, Value> {
        params.iter().map(|(name, _)| name.clone()).zip(values).collect()
    };
    let step = attempt.journey.step(attempt.journey.find(&attempt.instance.step)?)?;
    let (kind, name, given) = match &step.kind {
        StepKind::Send { message, .. } => {
            let declared = attempt.journey.messages.get(message)?;
            (Outgoing::Send, message.clone(), named(&declared.params, arguments.given))
        }
        _ => (Outgoing::Call, action.name.clone(), named(&action.params, arguments.given)),
    };
    Some(Sent {
        kind,
        name,
        given,
        carried: named(&action.params, arguments.carried),
        request: attempt.request.clone(),
        at: attempt.now,
    })
}
