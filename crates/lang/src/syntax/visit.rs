//! Visits an expression and everything inside it.

use graph::{BinaryOp, Name};

use super::ast::{Expr, ExprKind, Ident, Text, TextPart};

/// Calls `found` for every function that an expression calls by its name alone (`f(x)`, not `x.f()`).
pub(crate) fn called(expr: &Expr, found: &mut dyn FnMut(&Ident)) {
    each(expr, &mut |expr| {
        if let ExprKind::Call { receiver: None, name, .. } = &expr.kind {
            found(name);
        }
    });
}

/// Whether a name stands anywhere in an expression.
pub(crate) fn names(expr: &Expr, name: &str) -> bool {
    let mut found = false;
    each(expr, &mut |expr| found |= matches!(&expr.kind, ExprKind::Name(one) if &**one == name));
    found
}

/// Calls `found` for every event that an expression looks back at.
pub(crate) fn looked_back(expr: &Expr, found: &mut dyn FnMut(&Ident)) {
    each(expr, &mut |expr| {
        if let ExprKind::Past(past) = &expr.kind {
            found(&past.on.event);
        }
    });
}

/// Calls `found` for every audience that an expression asks about: `profile in loyal`.
pub(crate) fn asked(expr: &Expr, found: &mut dyn FnMut(&Name)) {
    each(expr, &mut |expr| {
        if let ExprKind::Binary(BinaryOp::In, left, right) = &expr.kind
            && let (ExprKind::Name(_), ExprKind::Name(audience)) = (&left.kind, &right.kind)
        {
            found(audience);
        }
    });
}

/// Calls `visit` for an expression and everything inside it. The height of a tree is bounded, so this is too.
fn each(expr: &Expr, visit: &mut dyn FnMut(&Expr)) {
    visit(expr);
    match &expr.kind {
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Int(_)
        | ExprKind::Decimal(_)
        | ExprKind::Duration(_)
        | ExprKind::Name(_)
        | ExprKind::Error => {}
        ExprKind::Text(text) => in_text(text, visit),
        ExprKind::Field { of, .. } | ExprKind::Unary(_, of) => each(of, visit),
        ExprKind::Index { of, index } => {
            each(of, visit);
            each(index, visit);
        }
        ExprKind::List(items) => items.iter().for_each(|item| each(item, visit)),
        ExprKind::Record(fields) => fields.iter().for_each(|(_, value)| each(value, visit)),
        ExprKind::Binary(_, left, right) => {
            each(left, visit);
            each(right, visit);
        }
        ExprKind::If { condition, then, otherwise } => {
            each(condition, visit);
            each(then, visit);
            each(otherwise, visit);
        }
        ExprKind::Call { receiver, args, .. } => {
            receiver.iter().for_each(|receiver| each(receiver, visit));
            args.iter().for_each(|arg| each(arg, visit));
        }
        ExprKind::Lambda { body, .. } => each(body, visit),
        ExprKind::Past(past) => past.on.condition.iter().for_each(|condition| each(condition, visit)),
    }
}

fn in_text(text: &Text, visit: &mut dyn FnMut(&Expr)) {
    for part in &text.parts {
        match part {
            TextPart::Text { .. } => {}
            TextPart::Hole { value, .. } => each(value, visit),
            TextPart::If { branches, otherwise } => {
                for (condition, text) in branches {
                    each(condition, visit);
                    in_text(text, visit);
                }
                otherwise.iter().for_each(|text| in_text(text, visit));
            }
            TextPart::For { list, body, .. } => {
                each(list, visit);
                in_text(body, visit);
            }
        }
    }
}
