//! Tests as they are written.

use super::{Expr, Ident, Text};
use crate::syntax::At;

/// `test "name" for row in rows { … }`
#[derive(Debug)]
pub(crate) struct Test {
    pub(crate) name: Text,
    pub(crate) rows: Option<(Ident, Expr)>,
    pub(crate) lines: Vec<TestLine>,
}

#[derive(Debug)]
pub(crate) struct TestLine {
    pub(crate) at: At,
    pub(crate) kind: TestKind,
}

#[derive(Debug)]
pub(crate) enum TestKind {
    Start(Text),
    Journeys(Vec<Ident>),
    Profile(Expr),
    Set {
        field: Ident,
        value: Expr,
    },
    Mock {
        action: Ident,
        with: Option<Expr>,
        reply: Reply,
        delay: Option<Expr>,
        times: Option<u32>,
    },
    Event {
        event: Ident,
        properties: Option<Expr>,
    },
    /// `start journey with { … }`
    StartJourney {
        journey: Ident,
        input: Option<Expr>,
    },
    After(Expr),
    Expect(Expect),
}

#[derive(Debug)]
pub(crate) enum Reply {
    Returns(Expr),
    Status { status: (At, u16), body: Option<Expr> },
    Fails(graph::ErrorKind),
}

#[derive(Debug)]
pub(crate) enum Expect {
    /// `never`: `expect no …`
    Outgoing {
        kind: graph::test::Outgoing,
        never: bool,
        name: Option<Ident>,
        with: Option<Expr>,
        condition: Option<Expr>,
        times: Option<u32>,
    },
    Journey {
        journey: Ident,
        state: Whereabouts,
    },
    Holds(Expr),
}

#[derive(Debug)]
pub(crate) enum Whereabouts {
    Outside,
    Inside,
    At(Text),
    End,
    Exited(Option<Text>),
    Failed,
}
