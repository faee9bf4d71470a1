//! How an instance ends: by a step, by a failure, by way of `on exit`.

use graph::{CallError, Expr, Value, library::Fault};
use petgraph::graph::NodeIndex;

use crate::{
    Failure, Happening, Input, KeptEvent, Leaving, Operation, PendingCall, Status, eval::evaluate, walk::Walk,
};

impl Walk<'_> {
    pub(crate) fn exit(&mut self, reason: Option<&Expr>) -> Result<Option<NodeIndex>, Fault> {
        if self.instance.state.failure.is_some() {
            self.park_failed();
            return Ok(None);
        }
        if self.instance.state.leaving.is_some() {
            self.left();
            return Ok(None);
        }
        match reason {
            None => self.end(Status::Completed, None),
            Some(reason) => {
                let reason = evaluate(reason, &self.scope())?.to_string();
                self.end(Status::Exited, Some(reason).filter(|reason| !reason.is_empty()));
            }
        }
        Ok(None)
    }

    /// Ends the instance where it stands, by way of the `on exit` block if there is one.
    pub(crate) fn end(&mut self, status: Status, reason: Option<String>) {
        let Some((block, alias)) = &self.journey.on_exit else { return self.stop(status, reason) };
        if self.instance.state.leaving.is_some() {
            return self.left();
        }
        if let Some(alias) = alias {
            let detail = reason.as_deref().map_or(Value::Null, Value::text);
            let value = Value::record([("reason", Value::text(status.word())), ("detail", detail)]);
            self.instance.state.variables.insert(alias.clone(), value);
        }
        self.note(Happening::Leaves { status, reason: reason.clone() });
        self.instance.due_at = None;
        self.instance.state.call = None;
        let step = self.instance.step.clone();
        self.instance.state.leaving = Some(Leaving { status, step, reason });
        self.go(*block);
    }

    /// The `on exit` block has run: the instance ends as it was about to.
    pub(crate) fn left(&mut self) {
        if let Some(leaving) = self.instance.state.leaving.take() {
            self.instance.step = leaving.step;
            self.stop(leaving.status, leaving.reason);
        }
    }

    fn stop(&mut self, status: Status, reason: Option<String>) {
        self.instance.status = status;
        self.instance.due_at = None;
        self.instance.state.call = None;
        self.instance.state.inbox.clear();
        self.instance.state.reason.clone_from(&reason);
        self.note(Happening::Ended { status, reason });
        self.watch();
    }

    /// Once it is over, the goal may still be reached for a while.
    fn watch(&mut self) {
        let until = self.goal_until();
        if self.instance.state.reached.is_none() && until.is_some_and(|until| self.context.now < until) {
            self.instance.state.watching = true;
            self.instance.due_at = until;
        }
    }

    /// The moment from which on the goal counts no more.
    pub(crate) fn goal_until(&self) -> Option<jiff::Timestamp> {
        let goal = self.journey.goal.as_ref()?;
        self.instance.entered_at.checked_add(jiff::SignedDuration::from_micros(goal.within)).ok()
    }

    /// Notes that an event reaches the goal, if it does.
    pub(crate) fn reach_goal(&mut self, event: &KeptEvent) -> bool {
        let Some(goal) = &self.journey.goal else { return false };
        let in_time = self.goal_until().is_some_and(|until| self.context.now < until);
        if self.instance.state.reached.is_some() || !in_time || !self.fits(&goal.on, event) {
            return false;
        }
        self.instance.state.reached = Some(self.context.now);
        self.note(Happening::Reached { event: event.id.clone(), name: event.name.clone() });
        if self.instance.state.watching {
            self.instance.state.watching = false;
            self.instance.due_at = None;
        }
        true
    }

    /// The step where the instance stands has failed: takes the `on failure` block, then parks.
    pub(crate) fn fail(&mut self, error: CallError) -> Option<NodeIndex> {
        self.instance.state.call = None;
        self.note(Happening::Failed { step: self.instance.step.clone(), error: error.clone() });
        if self.instance.state.failure.is_some() {
            self.park_failed();
            return None;
        }
        // Somebody who is leaving leaves, whatever becomes of the last words.
        if self.instance.state.leaving.is_some() {
            self.left();
            return None;
        }
        let Some((block, alias)) = &self.journey.on_failure else {
            self.park(error);
            return None;
        };
        if let Some(alias) = alias {
            let value = Value::record([
                ("step", Value::Text(self.instance.step.clone())),
                ("reason", Value::text(error.reason.as_str())),
                ("kind", Value::text(error.kind.word())),
            ]);
            self.instance.state.variables.insert(alias.clone(), value);
        }
        self.remember_failure(error);
        Some(*block)
    }

    /// Parks the instance as failed where it stands.
    pub(crate) fn park(&mut self, error: CallError) {
        if self.instance.state.failure.is_none() {
            self.remember_failure(error);
        }
        self.park_failed();
    }

    /// A fault of our own has ended the turn. Whoever is to end ends; others are parked where they stand, without the
    /// journey's own blocks, since those may be what met the fault. A retry finds the event and the call that it was about.
    pub(crate) fn set_aside(&mut self, input: &Input, error: CallError) {
        self.note(Happening::Failed { step: self.instance.step.clone(), error: error.clone() });
        if !self.instance.status.is_live() && self.instance.status != Status::Failed {
            self.instance.state.watching = false;
            self.instance.due_at = None;
            return;
        }
        if self.instance.state.leaving.is_some() {
            return self.left();
        }
        match input {
            Input::End { status, reason } => return self.stop(*status, Some(reason.clone())),
            Input::Operation(Operation::Cancel) => return self.stop(Status::Cancelled, None),
            Input::Event(event) if self.journey.awaited.contains(&event.name) => {
                self.instance.state.inbox.push(KeptEvent::of(event));
            }
            _ => {}
        }
        // The call of an `on failure` block is not that of the step that failed.
        let call = self.instance.state.call.take().filter(|_| self.instance.state.failure.is_none());
        self.park(error);
        self.instance.state.call = call.map(|call| PendingCall { under_way: false, held: None, ..call });
    }

    pub(crate) fn remember_failure(&mut self, error: CallError) {
        let step = self.instance.step.clone();
        self.instance.state.failure = Some(Failure { step, error, at: self.context.now });
    }

    pub(crate) fn park_failed(&mut self) {
        if let Some(failure) = &self.instance.state.failure {
            self.instance.step = failure.step.clone();
            let reason = Some(failure.error.reason.clone());
            self.instance.status = Status::Failed;
            self.instance.due_at = None;
            self.instance.state.call = None;
            self.note(Happening::Ended { status: Status::Failed, reason });
            self.watch();
        }
    }
}
