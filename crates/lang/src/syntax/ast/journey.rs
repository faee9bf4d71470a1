//! Journeys as they are written: their rules.

use super::{Block, Expr, Ident, QuietHours, Text, TypeExpr};
use crate::syntax::At;

#[derive(Debug)]
pub(crate) struct Journey {
    pub(crate) name: Ident,
    pub(crate) entries: Vec<Entry>,
    /// Whether an entry could not be read, and that was reported.
    pub(crate) entry_unread: bool,
    /// `open from … until … in …`
    pub(crate) open: Vec<Open>,
    pub(crate) inside: Vec<(At, graph::Inside)>,
    pub(crate) one_per: Vec<(At, Expr)>,
    pub(crate) reentry: Vec<(At, graph::Reentry)>,
    pub(crate) exits: Vec<Listen>,
    /// `exit when …`
    pub(crate) leave_when: Vec<Expr>,
    pub(crate) goal: Vec<Goal>,
    pub(crate) quiet: Vec<(At, QuietHours)>,
    pub(crate) priority: Vec<(At, i32)>,
    /// `time zone …`
    pub(crate) zone: Vec<(At, Expr)>,
    pub(crate) expire: Vec<(At, i64)>,
    pub(crate) failure: Vec<(At, Option<Ident>, Block)>,
    /// `on exit as x { … }`
    pub(crate) farewell: Vec<(At, Option<Ident>, Block)>,
    pub(crate) steps: Block,
}

/// A way to enter.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) at: At,
    pub(crate) kind: EntryKind,
    pub(crate) alias: Option<Ident>,
    pub(crate) condition: Option<Expr>,
}

#[derive(Debug)]
pub(crate) enum EntryKind {
    /// `enter on event`
    On(Ident),
    /// `enter when started with { … }`
    Started(Option<TypeExpr>),
    /// `enter everyone in audience at cron "…" in "zone", 500 per second`
    Everyone(Everyone),
}

#[derive(Debug)]
pub(crate) struct Everyone {
    pub(crate) audience: Option<Ident>,
    pub(crate) schedule: Text,
    pub(crate) zone: Text,
    pub(crate) rate: Option<graph::Rate>,
}

#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) at: At,
    pub(crate) from: Option<Text>,
    pub(crate) until: Option<Text>,
    pub(crate) zone: Option<Text>,
}

/// `goal event as name where condition within 7 days`
#[derive(Debug)]
pub(crate) struct Goal {
    pub(crate) at: At,
    pub(crate) on: Listen,
    pub(crate) within: i64,
}

/// `event as name where condition`
#[derive(Clone, Debug)]
pub(crate) struct Listen {
    pub(crate) event: Ident,
    pub(crate) alias: Option<Ident>,
    pub(crate) condition: Option<Expr>,
}
