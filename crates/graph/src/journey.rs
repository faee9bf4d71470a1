//! The step graph of one journey.
//!
//! INVARIANT: only step names leave this process. Graph indices live as long as the graph in memory; whatever is
//! stored or shown names a step by its [`Step::name`], which survives edits elsewhere in the file.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use petgraph::{
    graph::{DiGraph, NodeIndex},
    visit::EdgeRef,
};

use jiff::Timestamp;

use crate::{Action, Expr, Message, Name, ProfileSchema, RecordType, Value, schedule::Schedule};

/// One journey, checked and ready to run.
#[derive(Clone, Debug)]
pub struct Journey {
    /// Its name.
    pub name: Name,
    /// The hash of [`Journey::source`]: the name of this version.
    pub version: Name,
    /// The text that this graph was compiled from: the journey and every declaration it uses, complete in itself.
    pub source: Name,
    /// Its doc comment.
    pub doc: Option<Name>,
    /// What is known of a person, as this version sees it.
    pub profile: Arc<ProfileSchema>,
    /// How people enter, by one of these events.
    pub entries: Vec<Entry>,
    /// What it is given by `start` or the API, if people enter when started: the properties of the event
    /// [`started`] of it.
    pub input: Option<Arc<RecordType>>,
    /// When it takes people in.
    pub open: Open,
    /// What sets instances of one person apart; without it a person has one.
    pub one_per: Option<Expr>,
    /// What happens when somebody enters who is inside already.
    pub inside: Inside,
    /// Whether and when a person may enter again.
    pub reentry: Reentry,
    /// Events that end an instance wherever it is.
    pub exits: Vec<ExitRule>,
    /// Conditions on the person that end an instance as soon as they hold.
    pub leave_when: Vec<Condition>,
    /// What it is for.
    pub goal: Option<Goal>,
    /// How long after entry everybody leaves, in microseconds.
    pub expire: Option<i64>,
    /// Where the `on failure` block begins and the name it gives the failure.
    pub on_failure: Option<(NodeIndex, Option<Name>)>,
    /// Where the `on exit` block begins and the name it gives the reason.
    pub on_exit: Option<(NodeIndex, Option<Name>)>,
    /// The steps and the ways between them.
    pub graph: DiGraph<Step, Edge>,
    /// The first step.
    pub start: NodeIndex,
    /// The actions it calls, by name.
    pub actions: BTreeMap<Name, Arc<Action>>,
    /// The messages it sends, by name.
    pub messages: BTreeMap<Name, Arc<Message>>,
    /// Steps by name.
    pub steps: BTreeMap<Name, NodeIndex>,
    /// Events that some `wait for` may consume.
    pub awaited: BTreeSet<Name>,
}

/// How people enter a journey.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The event that starts it.
    pub event: Name,
    /// What must hold.
    pub condition: Option<Condition>,
}

/// A condition, and how it is written, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The condition.
    pub expr: Expr,
    /// As it is written.
    pub text: Name,
}

/// The event by which a journey that may be started is entered; no declared event has such a name.
pub fn started(journey: &str) -> Name {
    format!("{journey}.started").into()
}

/// The event that tells whoever started a journey and waits for its end that it has ended.
pub fn ended(journey: &str) -> Name {
    format!("{journey}.ended").into()
}

/// When a journey takes people in; always, if it does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    /// Not before this moment.
    pub from: Option<Timestamp>,
    /// Not from this moment on.
    pub until: Option<Timestamp>,
}

/// What happens when somebody enters who is inside under the same key already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Inside {
    /// They stay out.
    #[default]
    Skip,
    /// They begin when the earlier ones have ended.
    Queue,
    /// The earlier ones end.
    Replace,
    /// They are inside several times.
    Parallel,
}

impl Inside {
    /// Every policy.
    pub const ALL: [Inside; 4] = [Inside::Skip, Inside::Queue, Inside::Replace, Inside::Parallel];

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Inside::Skip => "skip",
            Inside::Queue => "queue",
            Inside::Replace => "replace",
            Inside::Parallel => "parallel",
        }
    }
}

/// What a journey is for: an event, soon enough after entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    /// The event.
    pub on: Listener,
    /// How long after entry it counts, in microseconds, even if the instance has ended meanwhile.
    pub within: i64,
}

/// Whether and when a person may enter again after an instance has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reentry {
    /// At once.
    Always,
    /// Never.
    Never,
    /// This many microseconds after the last entry.
    After(i64),
}

/// An event that ends an instance wherever it is.
#[derive(Clone, Debug, PartialEq)]
pub struct ExitRule {
    /// What is listened for.
    pub on: Listener,
}

/// An event that is listened for.
#[derive(Clone, Debug, PartialEq)]
pub struct Listener {
    /// The event's name in the language.
    pub event: Name,
    /// The name the condition (and what follows) gives the event; `it` when the file gives none.
    pub alias: Name,
    /// What must hold.
    pub condition: Option<Expr>,
}

/// One step of a journey.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its stable name, unique in the journey: `wait-1`, `if-1.then.send-cartReminder`.
    pub name: Name,
    /// What it says, for people: `wait 1 hour`.
    pub label: Name,
    /// Where it stands in [`Journey::source`].
    pub span: Span,
    /// What it does.
    pub kind: StepKind,
}

/// A place in a source text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq)]
pub enum StepKind {
    /// Stays until a moment. Leaves by [`Edge::Next`].
    Wait(Moment),
    /// Stays until one of several events comes. Leaves by [`Edge::Case`] of the arm, or [`Edge::Timeout`].
    WaitFor {
        /// What is waited for; of two arms that fit one event the earlier counts.
        arms: Vec<Arm>,
        /// How long at most, as a duration or a moment.
        timeout: Option<Moment>,
        /// From when on events count.
        since: Since,
    },
    /// Calls an action. Leaves by [`Edge::Next`], or [`Edge::Error`] where the file handles errors.
    Call {
        /// The action's name.
        action: Name,
        /// Its arguments.
        args: Vec<Expr>,
        /// The name that its answer gets.
        bind: Option<Name>,
        /// The value when it fails (`or …`).
        fallback: Option<Expr>,
        /// The name that its error gets (`on error as e`).
        error: Option<Name>,
    },
    /// Sends a message. Leaves by [`Edge::Next`], or [`Edge::Error`] where the file handles errors.
    Send {
        /// The message's name.
        message: Name,
        /// Its arguments.
        args: Vec<Expr>,
        /// The name that its error gets.
        error: Option<Name>,
    },
    /// Takes the first way whose condition holds: [`Edge::Case`], else [`Edge::Otherwise`].
    If {
        /// The conditions in order.
        conditions: Vec<Expr>,
    },
    /// Takes the way of the first case that has the value: [`Edge::Case`], else [`Edge::Otherwise`] where there is one.
    Match {
        /// What is looked at.
        value: Expr,
        /// The values of each case.
        cases: Vec<Vec<Value>>,
    },
    /// Takes [`Edge::Case`] 0 so many times, and comes back; then leaves by [`Edge::Next`].
    Repeat {
        /// How many times at most.
        times: Expr,
        /// What ends it before the next round.
        until: Option<Expr>,
        /// The name that the number of the round gets, from 1.
        round: Option<Name>,
    },
    /// Takes one way by chance, the same one each time for the same instance: [`Edge::Case`].
    Split {
        /// The split's name, part of what decides.
        name: Name,
        /// The share of each way in hundredths of a percent; together 10,000.
        shares: Vec<u32>,
    },
    /// Names a value. Leaves by [`Edge::Next`].
    Let {
        /// The name.
        name: Name,
        /// The value.
        value: Expr,
    },
    /// Changes an attribute of the person. Leaves by [`Edge::Next`].
    Set {
        /// The attribute.
        field: Name,
        /// Its new value.
        value: Expr,
    },
    /// Lets an event of the same person happen. Leaves by [`Edge::Next`].
    Emit {
        /// The event.
        event: Name,
        /// Its properties.
        properties: Expr,
    },
    /// Starts a journey of the same person. Leaves by [`Edge::Next`].
    Start {
        /// The journey.
        journey: Name,
        /// What it is given.
        input: Expr,
        /// The name that the id of the start gets, by which its end is known.
        bind: Option<Name>,
    },
    /// Ends the same person's instances of a journey. Leaves by [`Edge::Next`].
    Stop {
        /// The journey.
        journey: Name,
        /// Only those under this key.
        key: Option<Expr>,
    },
    /// A place that a `goto` leads to. Leaves by [`Edge::Next`].
    Label,
    /// Leaves by [`Edge::Next`], which leads to a label.
    Goto,
    /// Ends the instance.
    Exit {
        /// Why, when the file says; an instance that reaches the end of the file has completed.
        reason: Option<Expr>,
    },
}

impl StepKind {
    /// The word for this kind, the same from the parser to the dashboard.
    pub fn word(&self) -> &'static str {
        match self {
            StepKind::Wait(_) => "wait",
            StepKind::WaitFor { .. } => "wait-for",
            StepKind::Call { .. } => "call",
            StepKind::Send { .. } => "send",
            StepKind::If { .. } => "if",
            StepKind::Match { .. } => "match",
            StepKind::Repeat { .. } => "repeat",
            StepKind::Split { .. } => "split",
            StepKind::Let { .. } => "let",
            StepKind::Set { .. } => "set",
            StepKind::Emit { .. } => "emit",
            StepKind::Start { .. } => "start",
            StepKind::Stop { .. } => "stop",
            StepKind::Label => "label",
            StepKind::Goto => "goto",
            StepKind::Exit { .. } => "exit",
        }
    }
}

/// One of several events that are waited for.
#[derive(Clone, Debug, PartialEq)]
pub struct Arm {
    /// What is listened for.
    pub on: Listener,
    /// Whether later steps may name the event by the listener's alias.
    pub binds: bool,
}

/// From when on a `wait for` sees events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// Since the last wait of the instance ended, or since it entered: no event falls into a gap.
    LastWait,
    /// Since the instance entered.
    Enter,
    /// Only those that come while it waits.
    Now,
}

/// A moment that is computed when a wait begins.
#[derive(Clone, Debug, PartialEq)]
pub enum Moment {
    /// After a duration.
    After(Expr),
    /// At an instant.
    At(Expr),
    /// On a day of the calendar at a time of a zone's clock.
    Calendar {
        /// Which day.
        day: CalendarDay,
        /// The time of day.
        time: jiff::civil::Time,
        /// The zone, a `timezone` expression.
        zone: Expr,
    },
    /// At the next time of a cron schedule on a zone's clock.
    Cron {
        /// The schedule.
        schedule: Schedule,
        /// The zone, a `timezone` expression.
        zone: Expr,
    },
}

/// The day of a calendar wait, counted from the moment when the wait begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalendarDay {
    /// Today if the time is still to come, else tomorrow.
    Next,
    /// Tomorrow.
    Tomorrow,
    /// The next Monday to Friday after today.
    NextWeekday,
    /// The next such day after today.
    NextDay(jiff::civil::Weekday),
}

/// A way from one step to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edge {
    /// The only way on.
    Next,
    /// The way of a condition, an arm or a share, counted from zero.
    Case {
        /// Which one.
        index: usize,
        /// What it says, for people: `status.vip`, `50% "short"`.
        label: Name,
    },
    /// The way when no condition holds.
    Otherwise,
    /// The way when nothing came in time.
    Timeout,
    /// The way when a call failed.
    Error,
}

impl Edge {
    /// Whether this is the edge of a way.
    pub fn is(&self, way: Way) -> bool {
        match (self, way) {
            (Edge::Case { index, .. }, Way::Case(wanted)) => *index == wanted,
            (Edge::Next, Way::Next)
            | (Edge::Otherwise, Way::Otherwise)
            | (Edge::Timeout, Way::Timeout)
            | (Edge::Error, Way::Error) => true,
            _ => false,
        }
    }

    /// The edge's text, for people.
    pub fn label(&self) -> &str {
        match self {
            Edge::Next => "",
            Edge::Case { label, .. } => label,
            Edge::Otherwise => "else",
            Edge::Timeout => "timeout",
            Edge::Error => "error",
        }
    }
}

/// Which way a step is left by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// By [`Edge::Next`].
    Next,
    /// By [`Edge::Case`] with this index.
    Case(usize),
    /// By [`Edge::Otherwise`].
    Otherwise,
    /// By [`Edge::Timeout`].
    Timeout,
    /// By [`Edge::Error`].
    Error,
}

impl Journey {
    /// The step at a node of the graph.
    pub fn step(&self, at: NodeIndex) -> Option<&Step> {
        self.graph.node_weight(at)
    }

    /// The node of the step with this name.
    pub fn find(&self, name: &str) -> Option<NodeIndex> {
        self.steps.get(name).copied()
    }

    /// Where `way` leads from a node; `None` when the step has no such way.
    pub fn follow(&self, from: NodeIndex, way: Way) -> Option<NodeIndex> {
        self.graph.edges(from).find(|edge| edge.weight().is(way)).map(|edge| edge.target())
    }

    /// Every way from one step to another.
    pub fn ways(&self) -> impl Iterator<Item = (&Step, &Edge, &Step)> {
        self.graph
            .edge_references()
            .filter_map(|edge| Some((self.step(edge.source())?, edge.weight(), self.step(edge.target())?)))
    }

    /// Whether an event of this name can matter to an instance of this journey.
    pub fn listens_to(&self, event: &str) -> bool {
        self.awaited.contains(event)
            || self.exits.iter().any(|rule| &*rule.on.event == event)
            || self.goal.as_ref().is_some_and(|goal| &*goal.on.event == event)
    }

    /// The entry by an event of this name.
    pub fn entry_by(&self, event: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| &*entry.event == event)
    }
}

/// The name of a version: the first 16 hexadecimal digits of the BLAKE3 hash of its source.
pub fn version_of(source: &str) -> Name {
    let hex = blake3::hash(source.as_bytes()).to_hex();
    hex.as_str().get(..16).unwrap_or_default().into()
}
