//! The tests of a project, checked: what is set up, what is played, what is expected.
//!
//! `lang` builds them from `test` blocks, `rehearse` plays them. Their expressions are checked like those of journeys.

use jiff::Timestamp;

use crate::{ErrorKind, Expr, Name, step::Span};

/// A `test` block.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    /// What it says it shows.
    pub name: Name,
    /// The position of its file among the sources, and its place there.
    pub place: (usize, Span),
    /// The name of a row, and the list of rows that the block is played for, one after the other.
    pub rows: Option<(Name, Expr)>,
    /// What is done, in order.
    pub statements: Vec<Statement>,
}

/// One line of a test.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// Where it stands in the test's file.
    pub span: Span,
    /// As it is written, on one line.
    pub text: Name,
    /// What it does.
    pub kind: StatementKind,
}

/// What a line of a test does.
#[derive(Clone, Debug, PartialEq)]
pub enum StatementKind {
    /// `start at "…"`: the moment at which the test begins.
    Start(Timestamp),
    /// `journey a, b`: only these take part.
    Journeys(Vec<Name>),
    /// `profile { … }`: who the following lines are about, and their attributes, all of them.
    Profile(Expr),
    /// `set profile.field = value`
    Set {
        /// The attribute.
        field: Name,
        /// Its new value.
        value: Expr,
    },
    /// `mock action …`
    Mock(Mock),
    /// `event name { … }`: the person does something.
    Event {
        /// The event's name in the language.
        event: Name,
        /// Its properties.
        properties: Expr,
    },
    /// `after 1 hour`: the clock moves, and everything that is due meanwhile happens.
    After(Expr),
    /// `expect …`
    Expect(Expectation),
}

/// What a partner answers in a test.
#[derive(Clone, Debug, PartialEq)]
pub struct Mock {
    /// The action.
    pub action: Name,
    /// The arguments that a call must have.
    pub with: Vec<(Name, Expr)>,
    /// How many attempts it answers; all of them when it does not say.
    pub times: Option<u32>,
    /// How long the answer takes, a duration.
    pub delay: Option<Expr>,
    /// The answer.
    pub reply: Reply,
}

/// The answer of a mock.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    /// `returns value`: a good answer with this body.
    Returns(Expr),
    /// `fails http 500 body`: an answer outside 200–299.
    Status(u16, Option<Expr>),
    /// `fails timeout`: no answer.
    Fails(ErrorKind),
}

/// What a test expects. Calls and messages count from the last line before the previous group of expectations.
#[derive(Clone, Debug, PartialEq)]
pub enum Expectation {
    /// `expect call action …`, `expect send message …`, `expect no call`
    Outgoing {
        /// Calls or messages.
        kind: Outgoing,
        /// The action or message; any, when it names none.
        name: Option<Name>,
        /// The arguments it must have.
        with: Vec<(Name, Expr)>,
        /// What must hold; it may name the parameters of the action, and `request`.
        condition: Option<Expr>,
        /// How many there must be; at least one, when it does not say.
        times: Option<u32>,
    },
    /// `expect journey name at end`
    Journey {
        /// The journey.
        journey: Name,
        /// Where the person's latest instance of it is.
        state: Whereabouts,
    },
    /// `expect condition`: something about the person holds.
    Holds(Expr),
}

/// What goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// A `call` step.
    Call,
    /// A `send` step.
    Send,
}

/// Where an instance is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// Nobody is inside.
    Outside,
    /// Somewhere inside.
    Inside,
    /// At this step.
    At(Name),
    /// It reached the end.
    End,
    /// It left by an exit, with this reason if one is named.
    Exited(Option<Name>),
    /// It is parked as failed.
    Failed,
}
