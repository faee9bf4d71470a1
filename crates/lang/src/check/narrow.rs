//! What a condition shows about paths: that they are not missing, which texts (or whole numbers, written out) they may be.

use graph::{BinaryOp, Name, UnaryOp};

use crate::syntax::ast::{Expr, ExprKind};

/// Something that is known about a path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Fact {
    /// It is not missing.
    There(String),
    /// It is one of these texts.
    OneOf(String, Vec<Name>),
    /// It is none of these texts.
    NoneOf(String, Vec<Name>),
}

impl Fact {
    /// The path.
    pub(crate) fn path(&self) -> &str {
        match self {
            Fact::There(path) | Fact::OneOf(path, _) | Fact::NoneOf(path, _) => path,
        }
    }
}

/// `profile.email` as a key; `None` for what is not a plain path.
pub(crate) fn path(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name.to_string()),
        ExprKind::Field { of, name, .. } => Some(format!("{}.{}", path(of)?, name.text)),
        _ => None,
    }
}

/// What is known when `condition` is `truth`.
pub(crate) fn facts(condition: &Expr, truth: bool) -> Vec<Fact> {
    let mut found = Vec::new();
    collect(condition, truth, &mut found);
    found
}

/// What is known about an expression that is one of these texts.
pub(crate) fn one_of(expr: &Expr, texts: Vec<Name>) -> Vec<Fact> {
    let mut found = Vec::new();
    there(expr, &mut found);
    found.extend(path(expr).map(|path| Fact::OneOf(path, texts)));
    found
}

/// What is known about an expression that is none of these texts.
pub(crate) fn none_of(expr: &Expr, texts: Vec<Name>) -> Vec<Fact> {
    path(expr).map(|path| Fact::NoneOf(path, texts)).into_iter().collect()
}

fn collect(expr: &Expr, truth: bool, found: &mut Vec<Fact>) {
    match &expr.kind {
        ExprKind::Unary(UnaryOp::Not, of) => collect(of, !truth, found),
        ExprKind::Binary(BinaryOp::And, a, b) if truth => {
            collect(a, truth, found);
            collect(b, truth, found);
        }
        ExprKind::Binary(BinaryOp::Or, a, b) if !truth => {
            collect(a, truth, found);
            collect(b, truth, found);
        }
        ExprKind::Binary(op @ (BinaryOp::Equal | BinaryOp::NotEqual), a, b) => {
            let same = (*op == BinaryOp::Equal) == truth;
            compared(a, b, same, found);
            compared(b, a, same, found);
        }
        ExprKind::Binary(BinaryOp::In, one, list) => {
            if let Some(texts) = texts(list) {
                found.extend(if truth { one_of(one, texts) } else { none_of(one, texts) });
            }
        }
        _ => {}
    }
}

/// What it shows of `one` that it is, or is not, the same as `other`.
fn compared(one: &Expr, other: &Expr, same: bool, found: &mut Vec<Fact>) {
    match &other.kind {
        ExprKind::Null if !same => there(one, found),
        ExprKind::Int(number) if same => found.extend(one_of(one, vec![number.to_string().into()])),
        ExprKind::Int(number) => found.extend(none_of(one, vec![number.to_string().into()])),
        ExprKind::Bool(_) | ExprKind::Decimal(_) if same => there(one, found),
        ExprKind::Text(text) => match text.fixed() {
            Some(text) if same => found.extend(one_of(one, vec![text.into()])),
            Some(text) => found.extend(none_of(one, vec![text.into()])),
            None if same => there(one, found),
            None => {}
        },
        _ => {}
    }
}

/// When `a?.b` is there, so is `a`.
fn there(expr: &Expr, found: &mut Vec<Fact>) {
    found.extend(path(expr).map(Fact::There));
    let mut inner = expr;
    while let ExprKind::Field { of, safe, .. } = &inner.kind {
        if *safe {
            found.extend(path(of).map(Fact::There));
        }
        inner = of;
    }
}

/// The texts of a list of nothing else.
fn texts(list: &Expr) -> Option<Vec<Name>> {
    let ExprKind::List(items) = &list.kind else { return None };
    let text = |item: &Expr| match &item.kind {
        ExprKind::Text(text) => text.fixed().map(Name::from),
        ExprKind::Int(number) => Some(number.to_string().into()),
        _ => None,
    };
    items.iter().map(text).collect()
}
