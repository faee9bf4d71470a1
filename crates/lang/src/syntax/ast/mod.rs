//! The tree of a file, as it was written: names are not looked up, nothing has a type.

mod connection;
mod expr;
mod journey;
mod step;
mod test;
mod webhook;

use graph::Name;

use super::At;
pub(crate) use connection::{
    Auth, Connection, Expires, Found, Parts, SendAs, Setting, SettingSource, Sign, TokenCall,
};
pub(crate) use expr::{Expr, ExprKind, LookedBack, Past, Text, TextPart};
pub(crate) use journey::{Entry, EntryKind, Everyone, Goal, Journey, Listen, Open};
pub(crate) use step::{
    Awaits, Block, Case, ForArm, Invoke, Moment, OnError, Start, Step, StepKind, WaitFor, Way,
};
pub(crate) use test::{Expect, Reply, Test, TestKind, TestLine, Whereabouts};
pub(crate) use webhook::{Reaction, Verify, Webhook};

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
    Connection(Box<Connection>),
    Action(Box<Action>),
    Policy(Box<Policy>),
    Message(Message),
    Webhook(Box<Webhook>),
    Journey(Box<Journey>),
    Test(Test),
    Use(Text),
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
    pub(crate) answer: Option<Answers>,
    /// `fails with type`
    pub(crate) error: Option<TypeExpr>,
    /// `under policy`
    pub(crate) policy: Option<Ident>,
    pub(crate) method: Ident,
    pub(crate) connection: Ident,
    pub(crate) path: Text,
    pub(crate) sent: RequestParts,
    /// `cache 10m`
    pub(crate) cache: Option<(At, i64)>,
}

impl Action {
    /// The types that what it is answered is made of.
    pub(crate) fn answer_types(&self) -> impl Iterator<Item = &TypeExpr> {
        self.answer.iter().flat_map(Answers::types).chain(&self.error)
    }
}

/// What stands behind `->`.
#[derive(Debug)]
pub(crate) enum Answers {
    Body(TypeExpr),
    ByStatus(Vec<StatusAnswer>),
}

impl Answers {
    /// The types that are named in it.
    pub(crate) fn types(&self) -> Vec<&TypeExpr> {
        match self {
            Answers::Body(ty) => vec![ty],
            Answers::ByStatus(cases) => cases.iter().filter_map(|case| case.body.as_ref()).collect(),
        }
    }
}

/// `200, 201 type`, or `204 nothing`
#[derive(Debug)]
pub(crate) struct StatusAnswer {
    pub(crate) statuses: Vec<(At, u16)>,
    pub(crate) body: Option<TypeExpr>,
}

/// What a request holds besides method and URL.
#[derive(Debug, Default)]
pub(crate) struct RequestParts {
    pub(crate) headers: Vec<(Text, Text)>,
    pub(crate) query: Vec<(Text, Text)>,
    pub(crate) body: Option<Body>,
}

#[derive(Debug)]
pub(crate) enum Body {
    Json(Text),
    Form(Vec<(Ident, Expr)>),
    Xml(Text),
    Multipart(At, Vec<FormPart>),
    Text(Text, Text),
}

/// `name: value as "text/csv" named "file.csv"`
#[derive(Debug)]
pub(crate) struct FormPart {
    pub(crate) name: Ident,
    pub(crate) value: Expr,
    pub(crate) content_type: Option<Text>,
    pub(crate) file_name: Option<Text>,
}

#[derive(Debug)]
pub(crate) struct Policy {
    pub(crate) name: Ident,
    /// `for all messages`
    pub(crate) for_all: bool,
    /// `subscription "Offers and news"`
    pub(crate) subscription: Vec<(At, Text)>,
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
