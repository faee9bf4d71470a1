//! What operators take and give.

use graph::{BinaryOp, Expr as G, Type};

use super::{
    Ty,
    expr::Check,
    types::{fits, join},
};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{Expr, ExprKind},
    },
};

type Sides = ((G, G), Ty);

impl Check<'_, '_> {
    /// `a ?? b`
    pub(super) fn coalesce(&mut self, left: &Expr, right: &Expr, wanted: Option<&Type>) -> Sides {
        let (a, found) = self.infer(left, wanted);
        let hint = found.as_ref().map(|ty| ty.settled().clone()).or_else(|| wanted.cloned());
        // Where no member is wanted, any text may stand in for one: `tier ?? ""`.
        let free = !matches!(wanted.map(Type::settled), Some(Type::Enum(_)));
        let hint =
            hint.filter(|hint| !(free && matches!(hint, Type::Enum(members) if !is_member(right, members))));
        let (b, other) = self.infer(right, hint.as_ref().filter(|ty| !matches!(ty, Type::Null)));
        let ty = match (found, other) {
            (Some(found), Some(other)) => {
                let both = join(found.settled(), &other);
                if both.is_none() {
                    self.demand(right.at, &other, found.settled(), "the value that stands in");
                }
                both
            }
            _ => None,
        };
        ((a, b), ty)
    }

    /// `a == b`, `a != b`: a literal is read as the other side's type.
    pub(super) fn equal(&mut self, left: &Expr, right: &Expr) -> Sides {
        let literal =
            |expr: &Expr| matches!(expr.kind, ExprKind::Text(_) | ExprKind::Int(_) | ExprKind::Null);
        let (a, b, left_ty, right_ty);
        if literal(left) && !literal(right) {
            (b, right_ty) = self.infer(right, None);
            (a, left_ty) = self.infer(left, right_ty.as_ref());
        } else {
            (a, left_ty) = self.infer(left, None);
            (b, right_ty) = self.infer(right, left_ty.as_ref());
        }
        if let (Some(x), Some(y)) = (left_ty, right_ty) {
            let never_null = |null: &Type, other: &Type| {
                *null == Type::Null && !other.is_optional() && *other != Type::Json
            };
            if never_null(&x, &y) || never_null(&y, &x) {
                let at = left.at.to(right.at);
                self.report(
                    Report::new(
                        Code::WrongType,
                        at,
                        "this can never be missing, so comparing it with `null` decides nothing",
                    )
                    .label("always the same")
                    .help("leave the comparison out, or declare the value with `?`"),
                );
            } else if join(x.settled(), y.settled()).is_none()
                && !fits(x.settled(), y.settled())
                && x != Type::Json
                && y != Type::Json
            {
                let at = left.at.to(right.at);
                if let Some(report) = self.quoted_number(left, right, &x, &y) {
                    self.report(report);
                    return ((a, b), Some(Type::Bool));
                }
                self.report(
                    Report::new(Code::WrongType, at, format!("{x} and {y} are never equal"))
                        .label("always the same")
                        .related(left.at, format!("this is {x}"))
                        .related(right.at, format!("this is {y}")),
                );
            }
        }
        ((a, b), Some(Type::Bool))
    }

    /// `a in b`
    pub(super) fn contained(&mut self, left: &Expr, right: &Expr) -> Sides {
        // The list of `profile.tier in ["gold", "silver"]` is read as a list of tiers.
        let (a, item) = self.infer(left, None);
        let hint = item.as_ref().map(|item| Type::List(std::sync::Arc::new(item.settled().clone())));
        let literal = matches!(right.kind, ExprKind::List(_));
        let (b, whole) = self.infer(right, hint.as_ref().filter(|_| literal));
        match (item, whole) {
            (Some(item), Some(Type::List(of))) => {
                if join(item.settled(), of.settled()).is_none() {
                    self.demand(left.at, item.settled(), &of, "what is looked for in this list");
                }
            }
            (Some(item), Some(whole @ (Type::Text | Type::Enum(_)))) => {
                self.demand(left.at, &item, &Type::Text, &format!("what is looked for in {whole}"));
            }
            (_, Some(found)) if found.is_optional() => {
                self.unsettled(right.at, &found, "what `in` looks into")
            }
            (_, Some(Type::Json) | None) | (None, Some(Type::List(_) | Type::Text | Type::Enum(_))) => {}
            (_, Some(other)) => self.report(
                Report::new(
                    Code::WrongType,
                    right.at,
                    format!("`in` looks into lists and texts, this is {other}"),
                )
                .label(format!("this is {other}")),
            ),
        }
        ((a, b), Some(Type::Bool))
    }

    /// `a < b` and its kin
    pub(super) fn ordered(&mut self, op: BinaryOp, left: &Expr, right: &Expr) -> Sides {
        let (a, x) = self.operand(left);
        let (b, y) = self.operand(right);
        if let (Some(x), Some(y)) = (x, y) {
            for (ty, at) in [(&x, left.at), (&y, right.at)] {
                if ty.is_optional() && *ty != Type::Null {
                    self.unsettled(at, ty, &format!("a side of `{}`", op.symbol()));
                    return ((a, b), Some(Type::Bool));
                }
            }
            let ordered = matches!(
                (&x, &y),
                (Type::Int | Type::Decimal, Type::Int | Type::Decimal)
                    | (Type::Text | Type::Enum(_), Type::Text | Type::Enum(_))
                    | (Type::DateTime, Type::DateTime)
                    | (Type::Date, Type::Date)
                    | (Type::Duration, Type::Duration)
            );
            if !ordered {
                match self.quoted_number(left, right, &x, &y) {
                    Some(report) => self.report(report),
                    None => self.mismatch(left.at.to(right.at), op, &x, &y),
                }
            }
        }
        ((a, b), Some(Type::Bool))
    }

    /// A side of an operator, to which one of some whole numbers is a whole number.
    fn operand(&mut self, of: &Expr) -> (G, Ty) {
        let (made, ty) = self.infer(of, None);
        (made, ty.map(|ty| if matches!(ty, Type::Codes(_)) { Type::Int } else { ty }))
    }

    /// A number in quotes beside a number.
    fn quoted_number(&self, left: &Expr, right: &Expr, x: &Type, y: &Type) -> Option<Report> {
        let number = |ty: &Type| matches!(ty, Type::Int | Type::Codes(_) | Type::Decimal);
        let (quoted, other) = match (x, y) {
            (Type::Text, other) if number(other) => (left, other),
            (other, Type::Text) if number(other) => (right, other),
            _ => return None,
        };
        let ExprKind::Text(text) = &quoted.kind else { return None };
        let digits = text.fixed().filter(|text| rust_decimal::Decimal::from_str_exact(text).is_ok())?;
        Some(
            Report::new(
                Code::WrongType,
                quoted.at,
                format!("{other} is compared with the text {}", self.env.text(quoted.at)),
            )
            .label("a text")
            .help("write the number without quotes")
            .fix(quoted.at, digits),
        )
    }

    fn mismatch(&mut self, at: At, op: BinaryOp, x: &Type, y: &Type) {
        let mut report =
            Report::new(Code::WrongType, at, format!("`{}` cannot stand between {x} and {y}", op.symbol()))
                .label(format!("{x} {} {y}", op.symbol()));
        if op == BinaryOp::Add && (*x == Type::Text || *y == Type::Text) {
            report = report.help("put values into text with holes: `\"{{ a }} {{ b }}\"`");
        }
        if *x == Type::Json || *y == Type::Json {
            report = report.help("declare the field's type instead of `json`, so that it can be checked");
        }
        self.report(report);
    }

    /// `+ - * / %`
    pub(super) fn arithmetic(&mut self, at: At, op: BinaryOp, left: &Expr, right: &Expr) -> Sides {
        let (a, x) = self.operand(left);
        let (b, y) = self.operand(right);
        let (Some(x), Some(y)) = (x, y) else { return ((a, b), None) };
        for (ty, at) in [(&x, left.at), (&y, right.at)] {
            if ty.is_optional() && *ty != Type::Null {
                self.unsettled(at, ty, &format!("a side of `{}`", op.symbol()));
                return ((a, b), None);
            }
        }
        let text = |ty: &Type| matches!(ty, Type::Text | Type::Enum(_) | Type::TimeZone);
        let ty = match (op, &x, &y) {
            (BinaryOp::Divide, Type::Int | Type::Decimal, Type::Int | Type::Decimal) => Some(Type::Decimal),
            (_, Type::Int, Type::Int) => Some(Type::Int),
            (_, Type::Int | Type::Decimal, Type::Int | Type::Decimal) => Some(Type::Decimal),
            (BinaryOp::Add, x, y) if text(x) && text(y) => Some(Type::Text),
            (BinaryOp::Add | BinaryOp::Subtract, Type::DateTime, Type::Duration) => Some(Type::DateTime),
            (BinaryOp::Add, Type::Duration, Type::DateTime) => Some(Type::DateTime),
            (BinaryOp::Subtract, Type::DateTime, Type::DateTime) => Some(Type::Duration),
            (BinaryOp::Add | BinaryOp::Subtract, Type::Duration, Type::Duration) => Some(Type::Duration),
            (BinaryOp::Multiply, Type::Duration, Type::Int | Type::Decimal) => Some(Type::Duration),
            (BinaryOp::Multiply, Type::Int | Type::Decimal, Type::Duration) => Some(Type::Duration),
            _ => None,
        };
        if ty.is_none() {
            self.mismatch(at, op, &x, &y);
        }
        ((a, b), ty)
    }
}

/// Whether a text is a member of an enum, or no fixed text at all.
fn is_member(text: &Expr, members: &[graph::Name]) -> bool {
    match &text.kind {
        ExprKind::Text(text) => {
            text.fixed().is_none_or(|fixed| members.iter().any(|member| **member == *fixed))
        }
        _ => true,
    }
}
