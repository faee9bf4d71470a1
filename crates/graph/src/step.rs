//! The steps of a journey, and the moments that they wait for.

use crate::{Expr, Name, Value, rules::Listener, schedule::Schedule};

/// One step of a journey.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Its stable name, unique in the journey: `wait-1`, `if-1.then.send-cartReminder`.
    pub name: Name,
    /// What it says, for people: `wait 1 hour`.
    pub label: Name,
    /// Where it stands in [`crate::Journey::source`].
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
    /// Stays until a moment. Leaves by [`crate::Edge::Next`].
    Wait(Moment),
    /// Stays until one of several events comes. Leaves by [`crate::Edge::Case`] of the arm, or [`crate::Edge::Timeout`].
    WaitFor {
        /// What is waited for; of two arms that fit one event the earlier counts.
        arms: Vec<Arm>,
        /// How long at most, as a duration or a moment.
        timeout: Option<Moment>,
        /// From when on events count.
        since: Since,
    },
    /// Calls an action. Leaves by [`crate::Edge::Next`], or [`crate::Edge::Error`] where the file handles errors.
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
    /// Sends a message. Leaves by [`crate::Edge::Next`], or [`crate::Edge::Error`] where the file handles errors.
    Send {
        /// The message's name.
        message: Name,
        /// Its arguments.
        args: Vec<Expr>,
        /// The name that its error gets.
        error: Option<Name>,
    },
    /// Takes the first way whose condition holds: [`crate::Edge::Case`], else [`crate::Edge::Otherwise`].
    If {
        /// The conditions in order.
        conditions: Vec<Expr>,
    },
    /// Takes the way of the first case that has the value: [`crate::Edge::Case`], else [`crate::Edge::Otherwise`] where there is one.
    Match {
        /// What is looked at.
        value: Expr,
        /// The values of each case.
        cases: Vec<Vec<Value>>,
    },
    /// Takes [`crate::Edge::Case`] 0 so many times, and comes back; then leaves by [`crate::Edge::Next`].
    Repeat {
        /// How many times at most.
        times: Expr,
        /// What ends it before the next round.
        until: Option<Expr>,
        /// The name that the number of the round gets, from 1.
        round: Option<Name>,
    },
    /// Takes one way by chance, the same one each time for the same instance: [`crate::Edge::Case`].
    Split {
        /// The split's name, part of what decides.
        name: Name,
        /// The share of each way in hundredths of a percent; together 10,000.
        shares: Vec<u32>,
    },
    /// Lets so many people through: [`crate::Edge::Case`] 0. The others leave by [`crate::Edge::Otherwise`].
    Limit {
        /// The limit's name, under which people are counted, over all versions of the journey.
        name: Name,
        /// How many people may come through.
        most: u32,
    },
    /// Names a value. Leaves by [`crate::Edge::Next`].
    Let {
        /// The name.
        name: Name,
        /// The value.
        value: Expr,
    },
    /// Changes an attribute of the person. Leaves by [`crate::Edge::Next`].
    Set {
        /// The attribute.
        field: Name,
        /// Its new value.
        value: Expr,
    },
    /// Lets an event of the same person happen. Leaves by [`crate::Edge::Next`].
    Emit {
        /// The event.
        event: Name,
        /// Its properties.
        properties: Expr,
    },
    /// Starts a journey of the same person. Leaves by [`crate::Edge::Next`].
    Start {
        /// The journey.
        journey: Name,
        /// What it is given.
        input: Expr,
        /// The name that the id of the start gets, by which its end is known.
        bind: Option<Name>,
    },
    /// Ends the same person's instances of a journey. Leaves by [`crate::Edge::Next`].
    Stop {
        /// The journey.
        journey: Name,
        /// Only those under this key.
        key: Option<Expr>,
    },
    /// A place that a `goto` leads to. Leaves by [`crate::Edge::Next`].
    Label,
    /// Leaves by [`crate::Edge::Next`], which leads to a label.
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
            StepKind::Limit { .. } => "limit",
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
    /// Within a window of hours of a zone's clock: at once, if it is open, else when it opens next.
    Window {
        /// When it opens.
        from: jiff::civil::Time,
        /// When it closes; before `from`, if that is on the next day.
        until: jiff::civil::Time,
        /// The days on which it opens; any day, if there are none.
        days: Vec<jiff::civil::Weekday>,
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
