//! Walks an instance from step to step until it rests: at a wait, at a call, or at an end.

use graph::{Arm, CallError, Edge, ErrorKind, Journey, Name, Since, Step, StepKind, Way, library::Fault};
use petgraph::{graph::NodeIndex, visit::EdgeRef};

use crate::{
    Context, Effect, Event, Happening, Ignored, Instance, KeptEvent, Output, Status, Stop,
    eval::{Local, Scope, holds},
    limit::Passage,
    moment,
    person::{MOST_FOLLOWS, OWN_IDS},
};

/// More steps than any checked journey takes between two waits; beyond it the instance fails instead of spinning.
const MOST_STEPS: usize = 100_000;

/// An instance on its way, and what happens meanwhile.
pub(crate) struct Walk<'a> {
    pub(crate) journey: &'a Journey,
    pub(crate) instance: Instance,
    pub(crate) context: Context<'a>,
    effects: Vec<Effect>,
    happenings: Vec<Happening>,
    emitted: Vec<Event>,
    stops: Vec<Stop>,
    /// From how many events in a row this has come, see [`crate::State::follows`].
    pub(crate) follows: u32,
    /// The policies that messages and calls of this turn go out under.
    pub(crate) went_out: Vec<Name>,
    /// The addresses that messages of this turn would go to.
    pub(crate) addresses: Vec<Name>,
    /// The addresses that messages go out to under a subscription.
    pub(crate) reached: Vec<Name>,
    /// Addresses that get messages under a policy again.
    pub(crate) lifted: Vec<(Name, Name)>,
    /// The limits that the person comes through in this turn.
    pub(crate) passages: Vec<Passage>,
    /// Attributes that this turn changed, and the profile with them.
    pub(crate) changes: Vec<(Name, graph::Value)>,
    pub(crate) profile: Option<graph::Value>,
}

impl<'a> Walk<'a> {
    pub(crate) fn new(journey: &'a Journey, instance: Instance, context: Context<'a>) -> Walk<'a> {
        Walk {
            follows: context.follows.max(instance.state.follows),
            journey,
            instance,
            context,
            effects: Vec::new(),
            happenings: Vec::new(),
            emitted: Vec::new(),
            stops: Vec::new(),
            went_out: Vec::new(),
            addresses: Vec::new(),
            reached: Vec::new(),
            lifted: Vec::new(),
            passages: Vec::new(),
            changes: Vec::new(),
            profile: None,
        }
    }

    pub(crate) fn note(&mut self, happening: Happening) {
        self.happenings.push(happening);
    }

    pub(crate) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// The output after an accepted input.
    pub(crate) fn finish(mut self) -> Output {
        self.instance.turn += 1;
        self.instance.state.follows = self.follows;
        self.instance.updated_at = self.context.now;
        Output {
            instance: self.instance,
            effects: self.effects,
            changes: self.changes,
            sent: self.went_out,
            addresses: self.addresses,
            reached: self.reached,
            lifted: self.lifted,
            passages: self.passages,
            emitted: self.emitted,
            stops: self.stops,
            happenings: self.happenings,
            ignored: None,
        }
    }

    /// The output when the input changed nothing.
    pub(crate) fn ignore(self, why: Ignored) -> Output {
        Output { ignored: Some(why), ..Output::of(self.instance) }
    }

    /// Lets an event of the same person follow; gives its id.
    pub(crate) fn let_follow(&mut self, name: Name, properties: graph::Value) -> Result<Name, Fault> {
        if self.follows >= MOST_FOLLOWS {
            return Err(Fault::new("too many events follow from one another"));
        }
        let (turn, number) = (self.instance.turn + 1, self.emitted.len() + 1);
        let id: Name = format!("{OWN_IDS}{}-{turn}-{number}", self.instance.id.simple()).into();
        let step = self.instance.step.clone();
        self.note(Happening::Emitted { step, event: id.clone(), name: name.clone() });
        self.emitted.push(Event { id: id.clone(), name, at: self.context.now, properties });
        Ok(id)
    }

    /// Has the person's instances of a journey end.
    pub(crate) fn let_end(&mut self, stop: Stop) {
        let step = self.instance.step.clone();
        self.note(Happening::Stops { step, journey: stop.journey.clone() });
        self.stops.push(stop);
    }

    pub(crate) fn scope(&self) -> Scope<'_> {
        Scope::of(&self.instance, self.profile.as_ref().unwrap_or(self.context.profile), self.context)
    }

    /// The node where the instance stands; none when its version has no such step.
    pub(crate) fn here(&self) -> Option<NodeIndex> {
        self.journey.find(&self.instance.step)
    }

    pub(crate) fn step_here(&self) -> Option<&'a Step> {
        self.journey.step(self.here()?)
    }

    /// Walks on from a node until the instance rests.
    pub(crate) fn go(&mut self, from: NodeIndex) {
        let mut next = Some(from);
        for _ in 0..MOST_STEPS {
            let Some(node) = next else { return };
            next = self.visit(node);
        }
        let error = CallError::new(ErrorKind::Invalid, "the journey does not come to rest");
        self.park(error);
    }

    /// Leaves the step where the instance stands by a way, and walks on.
    pub(crate) fn leave(&mut self, way: Way) {
        if let Some(here) = self.here()
            && let Some(next) = self.pass(here, way)
        {
            self.go(next);
        }
    }

    /// Does what the step at a node does; gives the next node, or none when the instance rests.
    fn visit(&mut self, node: NodeIndex) -> Option<NodeIndex> {
        let Some(step) = self.journey.step(node) else {
            self.park(CallError::new(ErrorKind::Invalid, "the way leads nowhere"));
            return None;
        };
        self.instance.step = step.name.clone();
        let done = match &step.kind {
            StepKind::Let { name, value } => self.bind(node, name, value),
            StepKind::If { conditions } => self.decide(node, conditions),
            StepKind::Match { value, cases } => self.choose(node, value, cases),
            StepKind::Repeat { times, until, round } => {
                self.repeat(node, step, times, until.as_ref(), round.as_ref())
            }
            StepKind::Split { name, shares } => Ok(self.split(node, name, shares)),
            StepKind::Limit { name, most } => Ok(self.limit(node, name, *most)),
            StepKind::Set { field, value } => self.set(node, field, value),
            StepKind::Emit { event, properties } => self.emit(node, event, properties),
            StepKind::Start { journey, input, bind } => self.start(node, journey, input, bind.as_ref()),
            StepKind::Stop { journey, key } => self.stop_others(node, journey, key.as_ref()),
            StepKind::Label => Ok(self.arrive(node, step)),
            StepKind::Goto => Ok(self.pass(node, Way::Next)),
            StepKind::Wait(until) => self.wait(node, until),
            StepKind::WaitFor { arms, timeout, since } => self.wait_for(node, arms, timeout.as_ref(), *since),
            StepKind::Call { .. } | StepKind::Send { .. } => self.reach_out(node, step),
            StepKind::Exit { reason } => self.exit(reason.as_ref()),
        };
        match done {
            Ok(next) => next,
            Err(fault) => self.fail(CallError::new(ErrorKind::Invalid, fault.0)),
        }
    }

    fn wait(&mut self, node: NodeIndex, until: &graph::Moment) -> Result<Option<NodeIndex>, Fault> {
        let until = moment::instant(until, &self.scope(), self.context.now)?;
        if until <= self.context.now {
            self.end_wait();
            return Ok(self.pass(node, Way::Next));
        }
        self.rest(Some(until));
        Ok(None)
    }

    fn wait_for(
        &mut self,
        node: NodeIndex,
        arms: &[Arm],
        timeout: Option<&graph::Moment>,
        since: Since,
    ) -> Result<Option<NodeIndex>, Fault> {
        let mut inbox = std::mem::take(&mut self.instance.state.inbox);
        let found = inbox.iter().enumerate().find_map(|(place, kept)| {
            let seen = match since {
                Since::Now => false,
                Since::LastWait => !kept.stale,
                Since::Enter => true,
            };
            seen.then(|| self.arm_for(arms, kept)).flatten().map(|arm| (place, arm))
        });
        let found = found.map(|(place, arm)| (inbox.remove(place), arm));
        self.instance.state.inbox = inbox;
        if let Some((kept, arm)) = found {
            return Ok(self.consume(node, arms, arm, kept));
        }
        let until = match timeout {
            Some(moment) => Some(moment::instant(moment, &self.scope(), self.context.now)?),
            None => None,
        };
        if until.is_some_and(|until| until <= self.context.now) {
            self.end_wait();
            return Ok(self.pass(node, Way::Timeout));
        }
        self.rest(until);
        Ok(None)
    }

    /// The first arm that fits an event.
    pub(crate) fn arm_for(&mut self, arms: &[Arm], event: &KeptEvent) -> Option<usize> {
        arms.iter().position(|arm| self.fits(&arm.on, event))
    }

    /// Whether an event is what a listener listens for. A condition that cannot be decided does not hold, since an odd
    /// event must not fail whoever merely might have waited for it; why is kept.
    pub(crate) fn fits(&mut self, on: &graph::Listener, event: &KeptEvent) -> bool {
        if on.event != event.name {
            return false;
        }
        let Some(condition) = &on.condition else { return true };
        let local = Local { name: &on.alias, value: event.properties.clone(), next: None };
        match holds(condition, &self.scope().with(&local)) {
            Ok(held) => held,
            Err(fault) => {
                let (event, name) = (event.id.clone(), event.name.clone());
                self.note(Happening::Undecided { event, name, reason: fault.0 });
                false
            }
        }
    }

    /// Why a condition on the event of this turn could not be decided, if one could not.
    pub(crate) fn undecided(&self) -> Option<Ignored> {
        self.happenings.iter().find_map(|happening| match happening {
            Happening::Undecided { reason, .. } => Some(Ignored::Undecided(reason.as_str().into())),
            _ => None,
        })
    }

    /// Consumes an event by an arm of the `wait for` at a node; gives the next node.
    pub(crate) fn consume(
        &mut self,
        node: NodeIndex,
        arms: &[Arm],
        arm: usize,
        event: KeptEvent,
    ) -> Option<NodeIndex> {
        self.note(Happening::Consumed { event: event.id, name: event.name });
        if let Some(Arm { on, binds: true }) = arms.get(arm) {
            self.instance.state.variables.insert(on.alias.clone(), event.properties);
        }
        self.end_wait();
        self.pass(node, Way::Case(arm))
    }

    /// A wait has ended: events that came before are seen only by `since enter`.
    pub(crate) fn end_wait(&mut self) {
        self.instance.due_at = None;
        let remembers = self
            .journey
            .graph
            .node_weights()
            .any(|step| matches!(step.kind, StepKind::WaitFor { since: Since::Enter, .. }));
        if remembers {
            self.instance.state.inbox.iter_mut().for_each(|kept| kept.stale = true);
        } else {
            self.instance.state.inbox.clear();
        }
    }

    /// When the journey's time is over for this instance; never while it fails or leaves.
    pub(crate) fn expiry(&self) -> Option<jiff::Timestamp> {
        let state = &self.instance.state;
        if state.failure.is_some() || state.leaving.is_some() {
            return None;
        }
        let length = jiff::SignedDuration::from_micros(self.journey.expire?);
        self.instance.entered_at.checked_add(length).ok()
    }

    /// Waits for its turn, or until the journey's time is over.
    pub(crate) fn queue(&mut self) {
        self.instance.status = Status::Queued;
        self.instance.due_at = self.expiry();
        self.note(Happening::Queued);
    }

    /// Stays at the step, until a moment or until the journey's time is over.
    pub(crate) fn rest(&mut self, until: Option<jiff::Timestamp>) {
        let expiry = self.expiry();
        if expiry.is_some_and(|expiry| expiry <= self.context.now) {
            return self.end(Status::Expired, None);
        }
        let until = [until, expiry].into_iter().flatten().min();
        self.instance.status = Status::Waiting;
        self.instance.due_at = until;
        self.note(Happening::Waits { step: self.instance.step.clone(), until });
    }

    /// Notes that a step was passed; gives the node that follows.
    pub(crate) fn pass(&mut self, node: NodeIndex, way: Way) -> Option<NodeIndex> {
        let step = self.journey.step(node)?;
        let edge = self.journey.graph.edges(node).find(|edge| edge.weight().is(way));
        let Some(edge) = edge else {
            self.park(CallError::new(ErrorKind::Invalid, "the way leads nowhere"));
            return None;
        };
        let label = edge.weight().label();
        let way = (!label.is_empty() && !matches!(edge.weight(), Edge::Next)).then(|| label.into());
        self.note(Happening::Passed { step: step.name.clone(), way });
        Some(edge.target())
    }
}
