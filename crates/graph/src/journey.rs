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

use crate::{
    Action, Expr, Message, Name, Policy, ProfileSchema, Quiet, RecordType,
    rules::{Condition, Entry, ExitRule, Goal, Inside, Open, Reentry, Scheduled},
    step::Step,
};

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
    /// When it lets people in by itself: by the event [`crate::scheduled`] of it.
    pub schedule: Option<Scheduled>,
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
    /// When its messages wait.
    pub quiet: Option<Quiet>,
    /// Which goes first where several journeys of a person act at the same moment: the higher one.
    pub priority: i32,
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
    /// What its messages and calls go out under, by name.
    pub policies: BTreeMap<Name, Arc<Policy>>,
    /// The audiences that it or one of its policies asks whether the person belongs to them.
    pub audiences: BTreeSet<Name>,
    /// Its limits, by name.
    pub limits: BTreeSet<Name>,
    /// Events that some `wait for` may consume.
    pub awaited: BTreeSet<Name>,
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
