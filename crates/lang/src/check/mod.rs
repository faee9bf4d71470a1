//! The checker: names are looked up, types settled, every mistake collected. What comes out is ready to be lowered.
//!
//! One cause gives one report: what could not be typed has the type `None`, which fits everywhere.

mod action;
mod answers;
mod audience;
mod auth;
mod body;
mod calls;
mod choose;
mod connection;
mod declare;
mod entry;
mod expr;
mod function;
mod html;
mod invoke;
mod journey;
mod json;
mod json_paths;
mod jumps;
mod limit;
mod links;
mod literals;
mod mail;
mod mail_server;
mod meaning;
mod message;
mod mjml;
mod names;
mod narrow;
mod operators;
mod others;
mod policy;
mod scope;
mod sign;
mod steps;
mod system;
mod templates;
pub(crate) mod test;
mod token;
mod tracking;
mod types;
mod union;
mod wait;
mod webhook;
mod xml;
mod xml_reader;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use graph::{Action, Connection, Edge, EventSchema, Message, Name, ProfileSchema, StepKind};

use crate::{
    Source,
    diagnostic::Report,
    editor::{Candidate, Mention},
    syntax::At,
};
pub(crate) use calls::takes;
pub(crate) use expr::Check;
pub(crate) use function::signature;
pub(crate) use jumps::blocks;
pub(crate) use names::{BUILT_IN, Kind, Names};
pub(crate) use scope::{Env as Environment, hover_of};

/// A type, or `None` where a mistake was reported already.
pub(crate) type Ty = Option<graph::Type>;

/// A checked project.
pub(crate) struct Module {
    pub(crate) profile: Arc<ProfileSchema>,
    pub(crate) events: BTreeMap<Name, Arc<EventSchema>>,
    pub(crate) connections: BTreeMap<Name, Arc<Connection>>,
    pub(crate) actions: BTreeMap<Name, Arc<Action>>,
    pub(crate) messages: BTreeMap<Name, Arc<Message>>,
    pub(crate) webhooks: BTreeMap<Name, Arc<graph::hook::Webhook>>,
    pub(crate) policies: BTreeMap<Name, Arc<graph::Policy>>,
    pub(crate) audiences: Vec<CheckedAudience>,
    pub(crate) journeys: Vec<Checked>,
    pub(crate) tests: Vec<graph::test::Test>,
    /// Steps that tests name, to be looked for in the graphs.
    pub(crate) steps_named: Vec<test::StepNamed>,
}

/// A checked audience.
pub(crate) struct CheckedAudience {
    pub(crate) name: Name,
    pub(crate) doc: Option<Name>,
    /// The audience and everything it uses, as text.
    pub(crate) source: Name,
    pub(crate) condition: graph::Expr,
    pub(crate) windows: Vec<graph::audience::Window>,
    pub(crate) looks_at_clock: bool,
}

/// A checked journey.
pub(crate) struct Checked {
    pub(crate) name: Name,
    /// Whether it is entered by the server's own events, so that no person is in it.
    pub(crate) is_of_system: bool,
    pub(crate) doc: Option<Name>,
    /// The journey and everything it uses, as text.
    pub(crate) source: Name,
    /// What is added to a byte of the journey's file to find it in `source`.
    pub(crate) shift: i64,
    pub(crate) entries: Vec<graph::Entry>,
    pub(crate) input: Option<Arc<graph::RecordType>>,
    pub(crate) schedule: Option<graph::Scheduled>,
    pub(crate) open: graph::Open,
    pub(crate) inside: graph::Inside,
    pub(crate) one_per: Option<graph::Expr>,
    pub(crate) reentry: graph::Reentry,
    pub(crate) exits: Vec<graph::ExitRule>,
    pub(crate) leave_when: Vec<graph::Condition>,
    pub(crate) goal: Option<graph::Goal>,
    pub(crate) quiet: Option<graph::Quiet>,
    pub(crate) priority: i32,
    pub(crate) expire: Option<i64>,
    pub(crate) failure: Option<(Option<Name>, Plan)>,
    pub(crate) farewell: Option<(Option<Name>, Plan)>,
    pub(crate) steps: Plan,
    pub(crate) actions: BTreeMap<Name, Arc<Action>>,
    pub(crate) messages: BTreeMap<Name, Arc<Message>>,
    pub(crate) policies: BTreeMap<Name, Arc<graph::Policy>>,
    pub(crate) audiences: BTreeSet<Name>,
    pub(crate) awaited: BTreeSet<Name>,
}

/// The checked steps of a block, in order.
#[derive(Default)]
pub(crate) struct Plan {
    pub(crate) steps: Vec<Planned>,
}

/// A checked step and the ways out of it.
pub(crate) struct Planned {
    /// What its name begins with: `wait`, `call-vipStatus`.
    pub(crate) base: String,
    /// Whether the first of its kind carries a number too.
    pub(crate) numbered: bool,
    pub(crate) label: Name,
    pub(crate) at: At,
    pub(crate) kind: StepKind,
    pub(crate) ways: Vec<PlannedWay>,
}

/// A way out of a step.
pub(crate) struct PlannedWay {
    pub(crate) edge: Edge,
    /// Its part of the names of the steps inside.
    pub(crate) segment: String,
    /// The steps on it; `None` leads straight to where it leads.
    pub(crate) plan: Option<Plan>,
    pub(crate) leads: Leads,
}

/// Where a way leads, behind the steps on it.
pub(crate) enum Leads {
    /// To what follows the step.
    On,
    /// Back to the step itself.
    Back,
    /// To a label.
    To(Name),
}

/// Checks all files together.
pub(crate) fn check(
    names: &Names<'_>,
    sources: &[Source],
    reports: &mut Vec<Report>,
    for_editor: bool,
) -> (Module, Found) {
    let types = types::resolve(names, reports);
    let mut env = scope::Env {
        names,
        types,
        sources,
        profile: None,
        people: None,
        connections: BTreeMap::new(),
        functions: BTreeMap::new(),
        policies: BTreeMap::new(),
        reports: Vec::new(),
        mentions: for_editor.then(Vec::new),
        candidates: Vec::new(),
    };
    let module = declare::module(&mut env);
    reports.append(&mut env.reports);
    let found = Found { mentions: env.mentions.unwrap_or_default(), candidates: env.candidates };
    (module, found)
}

/// What an editor wants to know besides.
pub(crate) struct Found {
    pub(crate) mentions: Vec<Mention>,
    pub(crate) candidates: Vec<Candidate>,
}
