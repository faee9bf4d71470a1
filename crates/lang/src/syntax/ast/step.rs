//! Steps as they are written.

use super::{Expr, Ident, Listen, Text};
use crate::syntax::At;

/// Steps, and where an empty block stands.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) at: At,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) at: At,
    pub(crate) kind: StepKind,
}

#[derive(Debug)]
pub(crate) enum StepKind {
    Wait(Moment),
    WaitFor(WaitFor),
    Call {
        call: Invoke,
        bind: Option<Ident>,
        fallback: Option<Expr>,
        error: Option<OnError>,
    },
    Send {
        call: Invoke,
        error: Option<OnError>,
    },
    If {
        branches: Vec<(Expr, Block)>,
        otherwise: Option<Block>,
    },
    Match {
        value: Expr,
        cases: Vec<Case>,
        otherwise: Option<(At, Block)>,
    },
    Repeat {
        times: Expr,
        round: Option<Ident>,
        until: Option<Expr>,
        body: Block,
    },
    Split {
        name: Text,
        ways: Vec<Way>,
        holdout: Option<At>,
    },
    /// `limit "name" to 1000 people { … } else { … }`
    Limit {
        name: Text,
        most: (At, u32),
        within: Block,
        otherwise: Option<Block>,
    },
    Set {
        field: Ident,
        value: Expr,
    },
    Emit {
        event: Ident,
        properties: Option<Expr>,
    },
    Start(Start),
    Stop {
        journey: Ident,
        key: Option<Expr>,
    },
    Label(Ident),
    Goto(Ident),
    Let {
        name: Ident,
        value: Expr,
    },
    Give {
        value: Expr,
    },
    Exit {
        reason: Option<Expr>,
    },
}

/// `let result = start journey with { … } then wait up to 2 days`
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) journey: Ident,
    pub(crate) input: Option<Expr>,
    pub(crate) awaits: Option<Awaits>,
}

/// That a start waits for the end of what it started.
#[derive(Debug)]
pub(crate) struct Awaits {
    pub(crate) bind: Option<Ident>,
    pub(crate) at_most: Option<Expr>,
}

#[derive(Debug)]
pub(crate) enum Moment {
    After(Expr),
    At(Expr),
    /// The place is that of the time.
    Calendar {
        at: At,
        day: graph::CalendarDay,
        time: jiff::civil::Time,
        zone: Option<Expr>,
    },
    /// `between 09:00 and 18:00 on weekdays in zone`; the place is that of the hours.
    Window {
        at: At,
        from: jiff::civil::Time,
        until: jiff::civil::Time,
        days: Vec<jiff::civil::Weekday>,
        zone: Option<Expr>,
    },
    Cron {
        text: Text,
        zone: Option<Expr>,
    },
}

#[derive(Debug)]
pub(crate) struct WaitFor {
    pub(crate) arms: Vec<ForArm>,
    pub(crate) since: graph::Since,
    /// How long at most, and what happens then.
    pub(crate) timeout: Option<(Expr, Option<Block>)>,
}

#[derive(Debug)]
pub(crate) struct ForArm {
    pub(crate) at: At,
    pub(crate) on: Listen,
    /// The single form has none: it goes on.
    pub(crate) then: Option<Block>,
}

#[derive(Debug)]
pub(crate) struct Invoke {
    pub(crate) name: Ident,
    pub(crate) args: Vec<Expr>,
    pub(crate) at: At,
}

/// `"gold", "silver" => { … }`
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) at: At,
    pub(crate) values: Vec<Expr>,
    pub(crate) block: Block,
}

#[derive(Debug)]
pub(crate) struct OnError {
    pub(crate) name: Option<Ident>,
    pub(crate) block: Block,
}

#[derive(Debug)]
pub(crate) struct Way {
    pub(crate) at: At,
    /// In hundredths of a percent.
    pub(crate) share: u32,
    pub(crate) label: Option<Text>,
    pub(crate) block: Block,
}
