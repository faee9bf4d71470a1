//! Expressions and texts with holes as they are written.

use graph::{BinaryOp, Name, UnaryOp};
use rust_decimal::Decimal;

use super::{Ident, Listen};
use crate::syntax::At;

/// Text with holes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text {
    pub(crate) at: At,
    pub(crate) parts: Vec<TextPart>,
}

impl Text {
    /// The text, if there is nothing but text in it.
    pub(crate) fn fixed(&self) -> Option<String> {
        self.parts.iter().try_fold(String::new(), |whole, part| match part {
            TextPart::Text { text, .. } => Some(whole + text),
            TextPart::Hole { .. } | TextPart::If { .. } | TextPart::For { .. } => None,
        })
    }
}

#[derive(Clone, Debug)]
pub(crate) enum TextPart {
    Text {
        text: String,
        at: At,
    },
    /// `quoted`: between the quotes of a JSON string.
    Hole {
        value: Expr,
        quoted: bool,
        at: At,
    },
    If {
        branches: Vec<(Expr, Text)>,
        otherwise: Option<Text>,
    },
    For {
        variable: Ident,
        list: Expr,
        body: Text,
    },
}

/// An expression.
#[derive(Clone, Debug)]
pub(crate) struct Expr {
    pub(crate) at: At,
    /// How deep the tree below is: bounded, so that walking and dropping it is too.
    pub(crate) height: u16,
    pub(crate) kind: ExprKind,
}

#[derive(Clone, Debug)]
pub(crate) enum ExprKind {
    Null,
    Bool(bool),
    Int(i64),
    Decimal(Decimal),
    /// In microseconds.
    Duration(i64),
    Text(Text),
    Name(Name),
    Field {
        of: Box<Expr>,
        name: Ident,
        safe: bool,
    },
    Index {
        of: Box<Expr>,
        index: Box<Expr>,
    },
    List(Vec<Expr>),
    Record(Vec<(Ident, Expr)>),
    Unary(UnaryOp, Box<Expr>),
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    If {
        condition: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    Call {
        receiver: Option<Box<Expr>>,
        safe: bool,
        name: Ident,
        args: Vec<Expr>,
    },
    Lambda {
        params: Vec<Ident>,
        body: Box<Expr>,
    },
    Past(Box<Past>),
    /// What could not be read; whatever is said about it has been said.
    Error,
}

/// `count(event where condition within 30 days)`
#[derive(Clone, Debug)]
pub(crate) struct Past {
    pub(crate) what: LookedBack,
    pub(crate) on: Listen,
    /// How far back, in microseconds.
    pub(crate) within: Option<i64>,
}

/// What is asked of past events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LookedBack {
    Count,
    Last,
}

impl LookedBack {
    pub(crate) const ALL: [LookedBack; 2] = [LookedBack::Count, LookedBack::Last];

    pub(crate) fn word(self) -> &'static str {
        match self {
            LookedBack::Count => "count",
            LookedBack::Last => "last",
        }
    }
}
