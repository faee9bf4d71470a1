//! Policies: when messages and calls of a kind may go out, and how many of them.

use std::collections::BTreeSet;

use jiff::civil::Time;

use crate::{Condition, Expr, Name, Rate};

/// When messages and calls may go out, and how many of them. It counts per person, over all journeys.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Its name.
    pub name: Name,
    /// What it is called where people unsubscribe from it; none if they cannot.
    pub subscription: Option<Name>,
    /// What must hold; a message or a call is held back where it does not.
    pub only_when: Vec<Condition>,
    /// When they wait.
    pub quiet: Option<Quiet>,
    /// How many may go out in a time, of which any may hold one back.
    pub caps: Vec<Rate>,
    /// The audiences that it asks whether the person belongs to them.
    pub audiences: BTreeSet<Name>,
}

/// Hours in which messages wait for the end of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Quiet {
    /// When they begin, on the clock of the zone.
    pub from: Time,
    /// When they end; before `from`, if they go over midnight.
    pub until: Time,
    /// The zone, a `timezone` expression.
    pub zone: Expr,
}
