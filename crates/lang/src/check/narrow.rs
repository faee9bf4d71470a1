//! Which paths a condition shows not to be missing.

use graph::{BinaryOp, UnaryOp};

use crate::syntax::ast::{Expr, ExprKind};

/// `profile.email` as a key; `None` for what is not a plain path.
pub(crate) fn path(expr: &Expr) -> Option<String> {
    match &expr.kind {
        ExprKind::Name(name) => Some(name.to_string()),
        ExprKind::Field { of, name, .. } => Some(format!("{}.{}", path(of)?, name.text)),
        _ => None,
    }
}

/// The paths that are not missing when `condition` is `truth`.
pub(crate) fn facts(condition: &Expr, truth: bool) -> Vec<String> {
    let mut found = Vec::new();
    collect(condition, truth, &mut found);
    found
}

fn collect(expr: &Expr, truth: bool, found: &mut Vec<String>) {
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
            for (one, other) in [(a, b), (b, a)] {
                let shows = match other.kind {
                    ExprKind::Null => !same,
                    ExprKind::Bool(_) | ExprKind::Int(_) | ExprKind::Decimal(_) | ExprKind::Text(_) => same,
                    _ => false,
                };
                if shows {
                    whole(one, found);
                }
            }
        }
        _ => {}
    }
}

/// When `a?.b` is there, so is `a`.
fn whole(expr: &Expr, found: &mut Vec<String>) {
    found.extend(path(expr));
    let mut inner = expr;
    while let ExprKind::Field { of, safe, .. } = &inner.kind {
        if *safe {
            found.extend(path(of));
        }
        inner = of;
    }
}
