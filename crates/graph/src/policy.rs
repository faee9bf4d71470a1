//! Policies: when messages of a kind may go out, and how many of them.

use jiff::civil::Time;

use crate::{Condition, Expr, Name, Rate};

/// When messages may go out, and how many of them. It counts per person, over all journeys.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Its name.
    pub name: Name,
    /// What must hold; a message is held back where it does not.
    pub only_when: Vec<Condition>,
    /// When messages wait.
    pub quiet: Option<Quiet>,
    /// How many may go out in a time, of which any may hold a message back.
    pub caps: Vec<Rate>,
}

/// Hours in which messages wait for their end.
#[derive(Clone, Debug, PartialEq)]
pub struct Quiet {
    /// When they begin, on the clock of the zone.
    pub from: Time,
    /// When they end; before `from`, if they go over midnight.
    pub until: Time,
    /// The zone, a `timezone` expression.
    pub zone: Expr,
}
