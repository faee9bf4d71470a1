//! What the names in an expression stand for, and how much its evaluation may take.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use graph::{Journey, Link, Name, Root, Value, library::Fault};
use jiff::Timestamp;

use crate::{
    Context, Event, Instance,
    link::{Links, Readable, way_back},
};

/// How many nodes one evaluation may visit.
const MOST_STEPS: u32 = 200_000;

/// What the names in an expression stand for.
#[derive(Debug)]
pub struct Scope<'a> {
    profile: &'a Value,
    event: &'a Value,
    /// The name of that event.
    entered_by: &'a str,
    variables: &'a BTreeMap<Name, Value>,
    /// The audiences that the person belongs to.
    audiences: Option<&'a BTreeSet<Name>>,
    journey: Value,
    /// The instance, and who writes the links in its messages.
    sender: Option<(&'a Instance, &'a dyn Links)>,
    now: Timestamp,
    local: Option<&'a Local<'a>>,
    steps: Cell<u32>,
}

/// A name bound inside an expression: a lambda's parameter, a loop's variable, an event that is being looked at.
#[derive(Debug)]
pub(crate) struct Local<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: Value,
    pub(crate) next: Option<&'a Local<'a>>,
}

impl<'a> Scope<'a> {
    /// A scope with a person, the entry's event, the bound names and the present moment, outside any journey.
    pub fn new(
        profile: &'a Value,
        event: &'a Value,
        variables: &'a BTreeMap<Name, Value>,
        now: Timestamp,
    ) -> Scope<'a> {
        Scope {
            profile,
            event,
            entered_by: "",
            variables,
            audiences: None,
            journey: Value::Null,
            sender: None,
            now,
            local: None,
            steps: Cell::new(MOST_STEPS),
        }
    }

    /// This scope for a person who belongs to these audiences.
    pub fn among(self, audiences: &'a BTreeSet<Name>) -> Scope<'a> {
        Scope { audiences: Some(audiences), ..self }
    }

    /// The scope of an instance.
    pub(crate) fn of(instance: &'a Instance, profile: &'a Value, context: Context<'a>) -> Scope<'a> {
        let facts = Value::record([
            ("name", Value::Text(instance.journey.clone())),
            ("version", Value::Text(instance.version.clone())),
            ("instance", Value::from(instance.id.to_string())),
            ("enteredAt", Value::DateTime(instance.entered_at)),
        ]);
        let state = &instance.state;
        Scope {
            journey: facts,
            sender: Some((instance, context.links)),
            entered_by: &state.entered_by,
            audiences: Some(context.audiences),
            ..Scope::new(profile, &state.event, &state.variables, context.now)
        }
    }

    /// The scope in which somebody is about to enter a journey.
    pub(crate) fn at_entry(
        journey: &Journey,
        event: &'a Event,
        variables: &'a BTreeMap<Name, Value>,
        context: Context<'a>,
    ) -> Scope<'a> {
        let facts = Value::record([
            ("name", Value::Text(journey.name.clone())),
            ("version", Value::Text(journey.version.clone())),
        ]);
        Scope {
            journey: facts,
            entered_by: &event.name,
            audiences: Some(context.audiences),
            ..Scope::new(context.profile, &event.properties, variables, context.now)
        }
    }

    /// This scope with one more name.
    pub(crate) fn with<'b>(&'b self, local: &'b Local<'b>) -> Scope<'b>
    where
        'a: 'b,
    {
        Scope { local: Some(local), ..self.with_variables(self.variables) }
    }

    /// This scope with other bound names, as an action sees it: its parameters and nothing else.
    pub(crate) fn with_variables<'b>(&'b self, variables: &'b BTreeMap<Name, Value>) -> Scope<'b>
    where
        'a: 'b,
    {
        Scope {
            profile: self.profile,
            event: self.event,
            entered_by: self.entered_by,
            variables,
            audiences: self.audiences,
            journey: self.journey.clone(),
            sender: self.sender,
            now: self.now,
            local: None,
            steps: Cell::new(self.steps.get()),
        }
    }

    pub(crate) fn local(&self) -> Option<&Local<'a>> {
        self.local
    }

    pub(crate) fn profile(&self) -> &Value {
        self.profile
    }

    pub(crate) fn event(&self) -> &Value {
        self.event
    }

    /// What a name stands for that means something everywhere.
    pub(crate) fn root(&self, root: Root) -> Value {
        match root {
            Root::Profile => self.profile.clone(),
            Root::Event => self.event.clone(),
            Root::Journey => self.journey.clone(),
            Root::Now => Value::DateTime(self.now),
        }
    }

    /// The text of a link. Outside an instance there is nobody to find the way back to.
    pub(crate) fn link(&self, link: &Link) -> String {
        match self.sender {
            Some((instance, links)) => links.write(link.to, &way_back(link, &instance.profile, instance.id)),
            None => Readable.write(link.to, &way_back(link, &Name::default(), uuid::Uuid::nil())),
        }
    }

    /// The entry's event if it is of this name.
    pub(crate) fn entered_by(&self, event: &str) -> Value {
        if event == self.entered_by { self.event.clone() } else { Value::Null }
    }

    pub(crate) fn belongs_to(&self, audience: &str) -> bool {
        self.audiences.is_some_and(|audiences| audiences.contains(audience))
    }

    /// A bound value that is no local name.
    pub(crate) fn variable(&self, name: &str) -> Option<&Value> {
        self.variables.get(name)
    }

    /// What a bound name stands for, the innermost first.
    pub(crate) fn name(&self, name: &str) -> Option<Value> {
        let mut local = self.local;
        while let Some(bound) = local {
            if bound.name == name {
                return Some(bound.value.clone());
            }
            local = bound.next;
        }
        self.variables.get(name).cloned()
    }

    /// Counts steps; the rest of an inner scope is taken over by the outer one through [`Scope::settle`].
    pub(crate) fn spend(&self, steps: u32) -> Result<(), Fault> {
        let rest = self.steps.get().checked_sub(steps);
        self.steps
            .set(rest.ok_or_else(|| Fault::new("the expression takes too many steps, or too much memory"))?);
        Ok(())
    }

    /// Counts a value that was made: what is large took long, and takes memory.
    pub(crate) fn weigh(&self, value: &Value) -> Result<(), Fault> {
        let weight = match value {
            Value::Text(text) => text.len() / 64,
            Value::List(items) => items.len() / 8,
            Value::Record(record) => record.len() / 8,
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Decimal(_)
            | Value::DateTime(_)
            | Value::Date(_)
            | Value::Duration(_) => 0,
        };
        self.spend(u32::try_from(weight).unwrap_or(u32::MAX))
    }

    pub(crate) fn settle(&self, inner: &Scope<'_>) {
        self.steps.set(inner.steps.get());
    }
}
