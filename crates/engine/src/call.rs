//! The life of a call: begun, tried again, settled.

use graph::{
    Action, Answer, CallError, ErrorKind, Journey, Message, Retry, Step, StepKind, Value, Way,
    answers::read_body, json, library::Fault,
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    CallOutcome, Context, Effect, Happening, Instance, PendingCall, Scope, Status, eval::evaluate,
    render::request_of, walk::Walk,
};

/// How long after an attempt's own timeout its result may still arrive before it counts as lost.
const GRACE: SignedDuration = SignedDuration::from_secs(10);
/// How much of an answer's body the history keeps, in bytes.
const KEPT_BODY: usize = 2048;

impl<'a> Walk<'a> {
    /// Decides the call of a `call` or `send` step, and hands out its first attempt.
    pub(crate) fn begin_call(&mut self, step: &'a Step) {
        let Some(action) = self.action_of(step) else {
            return self.settle(step, Err(CallError::new(ErrorKind::Invalid, "the action does not exist")));
        };
        match self.request(step, action) {
            Err(error) => self.settle(step, Err(error)),
            Ok(request) => {
                self.instance.state.calls += 1;
                self.instance.state.call = Some(PendingCall {
                    number: self.instance.state.calls,
                    action: action.name.clone(),
                    request,
                    attempt: 1,
                    since: self.context.now,
                    under_way: false,
                    held: None,
                });
                self.hand_out(action);
            }
        }
    }

    fn action_of(&self, step: &Step) -> Option<&'a Action> {
        match &step.kind {
            StepKind::Call { action, .. } => self.journey.actions.get(action).map(|action| &**action),
            StepKind::Send { message, .. } => {
                self.journey.messages.get(message).map(|message| &*message.action)
            }
            _ => None,
        }
    }

    fn request(&self, step: &Step, action: &Action) -> Result<graph::Request, CallError> {
        let scope = self.scope();
        let given = arguments(self.journey, step, &scope)?;
        request_of(action, &given.carried, &scope)
    }

    /// Hands out the attempt that is next; its result is awaited until a little after its timeout.
    fn hand_out(&mut self, action: &Action) {
        let lease = SignedDuration::from_micros(action.connection.timeout_each).saturating_add(GRACE);
        let step = self.instance.step.clone();
        let Some(call) = &mut self.instance.state.call else { return };
        call.under_way = true;
        let happening = Happening::CallBegun {
            step,
            call: call.number,
            attempt: call.attempt,
            action: call.action.clone(),
            request: (call.attempt == 1).then(|| call.request.clone()),
        };
        let (number, attempt, request) = (call.number, call.attempt, call.request.clone());
        let effect = Effect::Call {
            call: number,
            attempt,
            idempotency_key: self.instance.idempotency_key(number),
            action: action.name.clone(),
            request,
            cache: action.cache,
        };
        self.instance.status = Status::Calling;
        self.instance.due_at = self.context.now.checked_add(lease).ok();
        self.note(happening);
        self.effect(effect);
    }

    /// The moment of the next attempt has come, or the attempt under way is lost: hands it out (again).
    pub(crate) fn try_again(&mut self) {
        let step = self.step_here();
        let has_gone_out = self.instance.state.call.as_ref().is_some_and(|call| call.under_way);
        if !has_gone_out && step.is_some_and(|step| self.drops(step)) {
            return;
        }
        match step.and_then(|step| self.action_of(step)) {
            Some(action) => self.hand_out(action),
            None => {
                let error = CallError::new(ErrorKind::Invalid, "the step that made the call does not exist");
                if let Some(block) = self.fail(error) {
                    self.go(block);
                }
            }
        }
    }

    /// Runs the failed step again. A call that was set aside goes out again, under the key that it had; others begin anew.
    pub(crate) fn retry(&mut self) {
        match (self.here(), &mut self.instance.state.call) {
            (Some(here), None) => self.go(here),
            (_, None) => self.try_again(),
            (_, Some(call)) => {
                call.attempt += 1;
                call.since = self.context.now;
                self.try_again();
            }
        }
    }

    /// An attempt has ended: settles the call, or plans the next attempt.
    pub(crate) fn attempt_ended(&mut self, outcome: CallOutcome) {
        let Some(step) = self.step_here() else { return self.try_again() };
        let (Some(action), Some(call)) = (self.action_of(step), self.instance.state.call.clone()) else {
            return self.try_again();
        };
        let (status, body, wait_at_least) = match &outcome {
            Ok(answer) => (Some(answer.status), Some(kept(&answer.body)), answer.retry_after),
            Err(error) => (None, None, error.wait),
        };
        let result = outcome.and_then(|answer| read_answer(action, &answer));
        let held_back = was_held_back(&result);
        let again_at = match &result {
            Err(error) if action.connection.retry.on.covers(error) => {
                self.next_attempt(&call, action, wait_at_least, held_back)
            }
            _ => None,
        };
        self.note(Happening::CallEnded {
            step: step.name.clone(),
            call: call.number,
            attempt: call.attempt,
            status,
            body,
            error: result.as_ref().err().cloned(),
            again_at,
        });
        match again_at {
            Some(at) => {
                self.instance.due_at = Some(at);
                if let Some(call) = &mut self.instance.state.call {
                    call.attempt += u32::from(!held_back);
                    call.under_way = false;
                }
            }
            None => {
                if let Err(error) = &result {
                    self.tell_bounce(step, action, error);
                }
                self.settle(step, result);
            }
        }
    }

    /// When the next attempt follows; none when there are no more, or no more time.
    fn next_attempt(
        &self,
        call: &PendingCall,
        action: &Action,
        at_least: Option<i64>,
        held_back: bool,
    ) -> Option<Timestamp> {
        let &Retry { times, first, most, .. } = &action.connection.retry;
        if call.attempt > times && !held_back {
            return None;
        }
        let doubled = first.saturating_mul(1i64.checked_shl(call.attempt - 1).unwrap_or(i64::MAX)).min(most);
        // Half of the pause is fixed, half is drawn by a hash, so that many instances do not come back together.
        let seed =
            [self.instance.id.as_bytes().as_slice(), &call.number.to_be_bytes(), &call.attempt.to_be_bytes()];
        let drawn = i64::try_from(xxhash_rust::xxh3::xxh3_64(&seed.concat()) >> 1).unwrap_or_default();
        let pause = doubled / 2 + drawn.checked_rem(doubled / 2 + 1).unwrap_or_default();
        let pause = pause.max(at_least.unwrap_or_default());
        let at = self.context.now.checked_add(SignedDuration::from_micros(pause)).ok()?;
        let end =
            call.since.checked_add(SignedDuration::from_micros(action.connection.timeout_total)).ok()?;
        (at <= end).then_some(at)
    }

    /// What a `call` step that failed would have had from this body; or why it cannot.
    pub(crate) fn answer_by_hand(&self, body: &str) -> Result<Value, String> {
        let step = self.step_here().filter(|step| matches!(step.kind, StepKind::Call { .. }));
        let action = step.and_then(|step| self.action_of(step));
        let action = action.ok_or("only a step that calls an action can be answered by hand")?;
        let read = |body: &str| read_answer(action, &Answer::of(200, body)).map_err(|error| error.reason);
        // Where a text is answered, it is what stands between the quotes.
        match serde_json::from_str::<String>(body) {
            Ok(text) => read(&text).or_else(|_| read(body)),
            Err(_) => read(body),
        }
    }

    /// The call is over: its value is bound, or its error takes the way that the file gives it.
    pub(crate) fn settle(&mut self, step: &'a Step, result: Result<Value, CallError>) {
        self.instance.state.call = None;
        self.instance.due_at = None;
        let (bind, fallback, error_name) = match &step.kind {
            StepKind::Call { bind, fallback, error, .. } => {
                (bind.as_ref(), fallback.as_ref(), error.as_ref())
            }
            StepKind::Send { error, .. } => (None, None, error.as_ref()),
            _ => (None, None, None),
        };
        let failed = match result {
            Ok(value) => return self.bind_and_leave(bind, value),
            Err(error) => error,
        };
        if let Some(fallback) = fallback {
            let value = evaluate(fallback, &self.scope());
            return match value {
                Ok(value) => self.bind_and_leave(bind, value),
                Err(fault) => self.fail_here(CallError::new(ErrorKind::Invalid, fault.0)),
            };
        }
        let handled = self.here().is_some_and(|here| self.journey.follow(here, Way::Error).is_some());
        if !handled {
            return self.fail_here(failed);
        }
        if let Some(name) = error_name {
            self.instance.state.variables.insert(name.clone(), failed.to_value());
        }
        self.leave(Way::Error);
    }

    fn fail_here(&mut self, error: CallError) {
        if let Some(block) = self.fail(error) {
            self.go(block);
        }
    }

    fn bind_and_leave(&mut self, bind: Option<&graph::Name>, value: Value) {
        if let Some(name) = bind {
            self.instance.state.variables.insert(name.clone(), value);
        }
        self.leave(Way::Next);
    }
}

/// What a `call` or `send` step gives on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arguments {
    /// The arguments that the step gives, in the order of the action's or the message's parameters.
    pub given: Vec<Value>,
    /// The arguments of the action that goes out: those of a `call`, or those that the message makes of its own.
    pub carried: Vec<Value>,
}

/// The arguments of a `call` or `send` step of an instance.
///
/// # Errors
/// When one of them cannot be computed from the data, or the step calls nothing.
pub fn arguments_of(
    journey: &Journey,
    instance: &Instance,
    context: Context<'_>,
) -> Result<Arguments, CallError> {
    let step = journey.find(&instance.step).and_then(|node| journey.step(node));
    let step = step.ok_or_else(|| CallError::new(ErrorKind::Invalid, "the step does not exist"))?;
    arguments(journey, step, &Scope::of(instance, context.profile, context))
}

fn arguments(journey: &Journey, step: &Step, scope: &Scope<'_>) -> Result<Arguments, CallError> {
    let invalid = |fault: Fault| CallError::new(ErrorKind::Invalid, fault.0);
    let values = |exprs: &[graph::Expr]| {
        let values: Result<Vec<_>, _> = exprs.iter().map(|expr| evaluate(expr, scope)).collect();
        values.map_err(invalid)
    };
    match &step.kind {
        StepKind::Call { args, .. } => {
            let given = values(args)?;
            Ok(Arguments { carried: given.clone(), given })
        }
        StepKind::Send { message, args, .. } => {
            let given = values(args)?;
            let Some(message) = journey.messages.get(message) else {
                return Err(CallError::new(ErrorKind::Invalid, "the message does not exist"));
            };
            let carried = carried_by(message, &given, scope);
            Ok(Arguments { carried: carried.map_err(invalid)?, given })
        }
        _ => Err(CallError::new(ErrorKind::Invalid, "the step calls nothing")),
    }
}

/// The arguments of the action that carries a message, when the message is given these.
pub(crate) fn carried_by(message: &Message, given: &[Value], scope: &Scope<'_>) -> Result<Vec<Value>, Fault> {
    let params = message.params.iter().map(|(name, _)| name.clone()).zip(given.iter().cloned()).collect();
    let inner = scope.with_variables(&params);
    message.args.iter().map(|arg| evaluate(arg, &inner)).collect()
}

/// Whether an attempt did not go out at all, because the partner is left alone: it is none.
fn was_held_back(result: &Result<Value, CallError>) -> bool {
    result.as_ref().is_err_and(|error| error.kind == ErrorKind::Open)
}

/// Judges an answer: its status, then its body against the declared shape.
///
/// # Errors
/// When it is an error by its status, or its body does not fit.
pub fn read_answer(action: &Action, answer: &Answer) -> Result<Value, CallError> {
    let good = (200..300).contains(&answer.status);
    if !good && !action.answer.as_ref().is_some_and(|answers| answers.has(answer.status)) {
        let by_mail = action.connection.mail.is_some();
        let refuses_us = !by_mail && matches!(answer.status, 401 | 403);
        let kind = if refuses_us { ErrorKind::Auth } else { ErrorKind::Http };
        let said = if by_mail { format!(": {}", kept(&answer.body)) } else { String::new() };
        let reason = format!("`{}` answered {}{said}", action.name, answer.status);
        return Err(error_of(action, answer, kind, reason));
    }
    let Some(answers) = &action.answer else { return Ok(Value::Null) };
    answers.read(answer).map_err(|reason| {
        let reason = format!("the answer of `{}` does not fit: {reason}", action.name);
        error_of(action, answer, ErrorKind::Invalid, reason)
    })
}

/// An error with its body: of the declared shape, if there is one, or none. That a body does not fit does not make another
/// kind of the error, because what comes of it (another attempt, for one) is said by the status.
fn error_of(action: &Action, answer: &Answer, kind: ErrorKind, mut reason: String) -> CallError {
    let body = match &action.error {
        None => Some(body_value(&answer.body)),
        Some(shape) => match read_body(shape, &answer.body) {
            Ok(body) => Some(body),
            Err(misfit) => {
                if kind != ErrorKind::Invalid {
                    reason += &format!("; its body does not fit what `fails with` says: {misfit}");
                }
                None
            }
        },
    };
    CallError { kind, status: Some(answer.status), reason, body, wait: None }
}

fn body_value(body: &str) -> Value {
    let tree = serde_json::from_str(body).ok().and_then(|tree| json::read(&tree).ok());
    tree.unwrap_or_else(|| Value::from(kept(body)))
}

fn kept(body: &str) -> String {
    let end =
        (0..=KEPT_BODY.min(body.len())).rev().find(|end| body.is_char_boundary(*end)).unwrap_or_default();
    body.get(..end).unwrap_or_default().replace('\0', "\u{fffd}")
}
