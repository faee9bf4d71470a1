//! Expectations: whether they hold, and what happened instead.

use engine::Status;
use graph::{
    Expr, Name, Value,
    test::{Expectation, Outgoing, Whereabouts},
};

use super::{Complaint, Play};
use crate::Sent;

impl Play<'_> {
    pub(super) fn expect(&self, expectation: &Expectation) -> Result<(), Complaint> {
        match expectation {
            Expectation::Holds(condition) => match self.value(condition)? {
                Value::Bool(true) => Ok(()),
                _ => Err(Complaint { message: "this does not hold".into(), notes: self.person() }),
            },
            Expectation::Journey { journey, state } => self.whereabouts(journey, state),
            Expectation::Outgoing { kind, name, with, condition, times } => {
                let with = with.iter().map(|(name, value)| Ok((name, self.value(value)?)));
                let with = with.collect::<Result<Vec<_>, Complaint>>()?;
                let sent = self.partners.sent.get(self.window..).unwrap_or_default();
                let mut found = 0;
                for one in sent.iter().filter(|one| one.kind == *kind) {
                    let named = name.as_ref().is_none_or(|name| *name == one.name);
                    let given = with.iter().all(|(name, value)| {
                        one.given.get(*name).is_some_and(|given| given.means_same(value))
                    });
                    if named && given && self.holds(condition.as_ref(), one)? {
                        found += 1;
                    }
                }
                let enough = match times {
                    Some(times) => found == *times,
                    None => found > 0,
                };
                if enough { Ok(()) } else { Err(self.went_out(*kind, name.as_ref(), *times, found)) }
            }
        }
    }

    fn holds(&self, condition: Option<&Expr>, sent: &Sent) -> Result<bool, Complaint> {
        let Some(condition) = condition else { return Ok(true) };
        let mut variables = self.variables.clone();
        variables.extend(sent.carried.clone());
        let body = sent.request.body.as_ref().map(|(_, body)| body.as_str()).unwrap_or_default();
        let content_type =
            sent.request.body.as_ref().map(|(content_type, _)| Value::Text(content_type.clone()));
        let header = |(name, value): &(Name, String)| Value::text(format!("{name}: {value}"));
        let headers = sent.request.headers.iter().map(header);
        let request = Value::record([
            ("method", Value::Text(sent.request.method.clone())),
            ("path", Value::text(sent.request.path.as_str())),
            ("headers", Value::list(headers)),
            ("contentType", content_type.unwrap_or(Value::Null)),
            ("body", Value::text(body)),
        ]);
        variables.insert("request".into(), request);
        Ok(self.value_with(condition, &variables)? == Value::Bool(true))
    }

    /// What is wrong with what went out, and what did.
    fn went_out(&self, kind: Outgoing, name: Option<&Name>, times: Option<u32>, found: u32) -> Complaint {
        let what = match (kind, name) {
            (Outgoing::Call, Some(name)) => format!("call of `{name}`"),
            (Outgoing::Call, None) => "call".into(),
            (Outgoing::Send, Some(name)) => format!("message `{name}`"),
            (Outgoing::Send, None) => "message".into(),
        };
        let message = match (times, found) {
            (Some(0), _) => format!("there is a {what}, and there should be none"),
            (None, _) => format!("there is no such {what}"),
            (Some(times), 0) => format!("there is no such {what}, and there should be {times}"),
            (Some(times), 1) => format!("there is only one such {what}, and there should be {times}"),
            (Some(times), found) => {
                format!("there are {found} times such a {what}, and there should be {times}")
            }
        };
        let mut notes: Vec<String> =
            self.partners.sent.get(self.window..).unwrap_or_default().iter().map(show).collect();
        if notes.is_empty() {
            notes.push("nothing went out since the last expectations".into());
        }
        notes.extend(self.person());
        Complaint { message, notes }
    }

    fn whereabouts(&self, journey: &Name, state: &Whereabouts) -> Result<(), Complaint> {
        let latest = self
            .people
            .last()
            .and_then(|person| person.instances().rev().find(|instance| instance.journey == *journey));
        let fits = match (state, latest) {
            (Whereabouts::Outside, latest) => latest.is_none_or(|instance| !instance.status.is_live()),
            (_, None) => false,
            (Whereabouts::Inside, Some(instance)) => instance.status.is_live(),
            (Whereabouts::At(step), Some(instance)) => instance.status.is_live() && instance.step == *step,
            (Whereabouts::End, Some(instance)) => instance.status == Status::Completed,
            (Whereabouts::Failed, Some(instance)) => instance.status == Status::Failed,
            (Whereabouts::Exited(reason), Some(instance)) => {
                instance.status == Status::Exited
                    && reason
                        .as_ref()
                        .is_none_or(|reason| instance.state.reason.as_deref() == Some(&**reason))
            }
        };
        if fits {
            return Ok(());
        }
        let wanted = match state {
            Whereabouts::Outside => "outside".to_owned(),
            Whereabouts::Inside => "inside".into(),
            Whereabouts::At(step) => format!("at `{step}`"),
            Whereabouts::End => "at the end".into(),
            Whereabouts::Failed => "failed".into(),
            Whereabouts::Exited(Some(reason)) => format!("exited because of \"{reason}\""),
            Whereabouts::Exited(None) => "exited".into(),
        };
        let message = format!("in `{journey}` the person is not {wanted}");
        Err(Complaint { message, notes: self.person() })
    }

    /// Where the person is, for messages.
    fn person(&self) -> Vec<String> {
        let Some(person) = self.people.last() else { return vec!["nobody is there yet".into()] };
        let mut notes: Vec<String> = person
            .instances()
            .map(|instance| {
                let (journey, step) = (&instance.journey, &instance.step);
                match (instance.status, &instance.state.failure, &instance.state.reason) {
                    (Status::Failed, Some(failure), _) => {
                        format!("in `{journey}`: failed at `{step}`: {}", failure.error.reason)
                    }
                    (Status::Waiting | Status::Calling, ..) => match instance.due_at {
                        Some(due) => format!("in `{journey}`: at `{step}` until {due}"),
                        None => format!("in `{journey}`: at `{step}`"),
                    },
                    (status, _, Some(reason)) => {
                        format!("in `{journey}`: {} at `{step}`: {reason}", status.word())
                    }
                    (status, ..) => format!("in `{journey}`: {} at `{step}`", status.word()),
                }
            })
            .collect();
        notes.extend(
            self.reasons.iter().map(|(journey, reason)| format!("stayed out of `{journey}`: {reason}")),
        );
        if notes.is_empty() {
            notes.push(format!("`{}` entered no journey", person.key));
        }
        notes.push(format!("it is {}", self.now));
        notes
    }
}

fn show(sent: &Sent) -> String {
    let word = match sent.kind {
        Outgoing::Call => "call",
        Outgoing::Send => "send",
    };
    let given: Vec<String> =
        sent.given.iter().map(|(name, value)| format!("{name}: {}", graph::json::write(value))).collect();
    let given = if given.is_empty() { String::new() } else { format!(" with {{ {} }}", given.join(", ")) };
    format!("{word} {}{given} at {}", sent.name, sent.at)
}
