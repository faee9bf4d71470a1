//! The tree of a file, as it was written: names are not looked up, nothing has a type.

mod expr;
mod test;

use graph::Name;

use super::At;
pub(crate) use expr::{Expr, ExprKind, LookedBack, Past, Text, TextPart};
pub(crate) use test::{Expect, Reply, Test, TestKind, TestLine, Whereabouts};

/// A name and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ident {
    pub(crate) text: Name,
    pub(crate) at: At,
}

/// A declaration with its doc comment.
#[derive(Debug)]
pub(crate) struct Decl {
    /// From the first line of the doc comment to the closing brace.
    pub(crate) at: At,
    pub(crate) doc: Option<Name>,
    pub(crate) kind: DeclKind,
}

#[derive(Debug)]
pub(crate) enum DeclKind {
    Profile { word: At, fields: Vec<Field> },
    Event { name: Ident, wire: Option<Text>, fields: Vec<Field> },
    Type { name: Ident, ty: TypeExpr },
    Function(Box<Function>),
    Audience(Box<Audience>),
    Connection(Connection),
    Action(Box<Action>),
    Policy(Box<Policy>),
    Message(Message),
    Journey(Box<Journey>),
    Test(Test),
}

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: Ident,
    pub(crate) ty: TypeExpr,
    pub(crate) default: Option<Expr>,
    pub(crate) key: Option<At>,
    pub(crate) doc: Option<Name>,
}

#[derive(Debug)]
pub(crate) struct TypeExpr {
    pub(crate) at: At,
    pub(crate) kind: TypeKind,
}

#[derive(Debug)]
pub(crate) enum TypeKind {
    Name(Ident),
    Enum(Vec<Text>),
    List(Box<TypeExpr>),
    Record(Vec<Field>),
    /// Not of texts alone.
    Union(Vec<TypeExpr>),
    Optional(Box<TypeExpr>),
}

#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) name: Ident,
    pub(crate) url: Option<Setting>,
    pub(crate) auth: Option<(At, Auth)>,
    pub(crate) each: Option<(At, i64)>,
    pub(crate) total: Option<(At, i64)>,
    pub(crate) retry: Option<(At, graph::Retry)>,
    pub(crate) private: Vec<Text>,
}

/// A text that is written, or named to be found elsewhere.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) at: At,
    pub(crate) source: SettingSource,
    pub(crate) text: Text,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SettingSource {
    Text,
    Env,
    Secret,
}

#[derive(Debug)]
pub(crate) enum Auth {
    None,
    Bearer(Setting),
    /// `basic`, `bearer` or `api_key` with named parts.
    Parts(Ident, Vec<(Ident, Setting)>),
}

#[derive(Debug)]
pub(crate) struct Param {
    pub(crate) name: Ident,
    pub(crate) ty: TypeExpr,
}

/// `fn name(param: type) -> type = expression`
#[derive(Debug)]
pub(crate) struct Function {
    pub(crate) name: Ident,
    pub(crate) params: Vec<Param>,
    pub(crate) result: TypeExpr,
    pub(crate) body: Expr,
}

/// `audience name = condition`
#[derive(Debug)]
pub(crate) struct Audience {
    pub(crate) name: Ident,
    pub(crate) condition: Expr,
}

#[derive(Debug)]
pub(crate) struct Action {
    pub(crate) name: Ident,
    pub(crate) params: Vec<Param>,
    pub(crate) answer: Option<TypeExpr>,
    /// `under policy`
    pub(crate) policy: Option<Ident>,
    pub(crate) method: Ident,
    pub(crate) connection: Ident,
    pub(crate) path: Text,
    pub(crate) headers: Vec<(Text, Text)>,
    pub(crate) query: Vec<(Text, Text)>,
    pub(crate) body: Option<Body>,
}

#[derive(Debug)]
pub(crate) enum Body {
    Json(Text),
    Form(Vec<(Ident, Expr)>),
    Text(Text, Text),
}

#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) name: Ident,
    /// `for all messages`
    pub(crate) for_all: bool,
    pub(crate) only_when: Vec<Expr>,
    pub(crate) quiet: Vec<(At, QuietHours)>,
    /// `at most 3 per 7 days`
    pub(crate) caps: Vec<(At, graph::Rate)>,
}

/// `quiet hours 22:00 to 08:00 in zone`
#[derive(Debug)]
pub(crate) struct QuietHours {
    pub(crate) from: jiff::civil::Time,
    pub(crate) until: jiff::civil::Time,
    pub(crate) zone: Option<Expr>,
}

#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) name: Ident,
    pub(crate) params: Vec<Param>,
    pub(crate) action: Ident,
    pub(crate) under: Under,
    pub(crate) fields: Vec<(Ident, Expr)>,
    pub(crate) end: At,
}

/// What a message is sent under.
#[derive(Debug)]
pub(crate) enum Under {
    /// The policies for all messages.
    All,
    /// Those, and `under policy`.
    One(Ident),
    /// `under no policy`
    None,
}

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
