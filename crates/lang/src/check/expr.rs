//! Expressions: from the tree to a checked [`graph::Expr`] and its type.

use graph::{BinaryOp, Expr as G, RecordType, Type, UnaryOp, Value};

use super::{
    Ty, narrow,
    scope::{Env, Scope, hover_of},
    templates::Place,
    types::{fits, join},
};
use crate::{
    diagnostic::{Code, Report},
    editor::{PLACEHOLDER, Thing},
    syntax::{
        At,
        ast::{Expr, ExprKind, Ident},
        foreign,
    },
};

/// Checks expressions in a scope.
pub(crate) struct Check<'c, 'a> {
    pub(crate) env: &'c mut Env<'a>,
    pub(crate) scope: &'c mut Scope,
}

impl Check<'_, '_> {
    pub(crate) fn report(&mut self, report: Report) {
        self.env.report(report);
    }

    /// An expression that must be of a type; `what` is what it is, for messages.
    pub(crate) fn expect(&mut self, expr: &Expr, wanted: &Type, what: &str) -> G {
        let (value, found) = self.infer(expr, Some(wanted));
        if let Some(found) = found {
            self.demand(expr.at, &found, wanted, what);
        }
        value
    }

    /// Reports when `found` does not fit `wanted`.
    pub(crate) fn demand(&mut self, at: At, found: &Type, wanted: &Type, what: &str) -> bool {
        if fits(found, wanted) {
            return true;
        }
        if found.is_optional() && fits(found.settled(), wanted) && *found != Type::Null {
            self.unsettled(at, found, what);
            return false;
        }
        let mut report =
            Report::new(Code::WrongType, at, format!("{what} must be {wanted}, this is {found}"))
                .label(format!("this is {found}"));
        report.help = match (found.settled(), wanted.settled()) {
            (Type::Json, _) => {
                Some("declare the field's type instead of `json`, so that it can be checked".into())
            }
            (
                Type::Int | Type::Decimal | Type::Bool | Type::Date | Type::DateTime | Type::Duration,
                Type::Text,
            ) => Some("print it: `\"{{ … }}\"`".into()),
            (Type::Int | Type::Decimal, Type::Duration) => Some("write the unit, such as `5 minutes`".into()),
            (Type::Decimal, Type::Int) => Some("round it: `.floor()`, `.ceil()`".into()),
            (Type::Text, Type::Int) => Some("`.toInt()` reads a number from text".into()),
            (Type::Text, Type::Decimal) => Some("`.toDecimal()` reads a number from text".into()),
            (Type::Text, Type::DateTime) => Some("`.toDateTime()` reads an instant from text".into()),
            _ => None,
        };
        self.report(report);
        false
    }

    /// Reports a value that may be missing where it must not be.
    pub(crate) fn unsettled(&mut self, at: At, found: &Type, what: &str) {
        let default = match found.settled() {
            Type::Text => "\"…\"".to_owned(),
            Type::Int | Type::Decimal => "0".into(),
            Type::Bool => "false".into(),
            Type::List(_) => "[]".into(),
            Type::Duration => "1 hour".into(),
            Type::TimeZone => "\"UTC\"".into(),
            Type::Enum(members) => {
                members.first().map_or_else(|| "\"…\"".into(), |member| format!("\"{member}\""))
            }
            Type::Codes(codes) => codes.first().map_or_else(|| "0".into(), ToString::to_string),
            Type::Null
            | Type::DateTime
            | Type::Date
            | Type::Json
            | Type::Record(_)
            | Type::Union(_)
            | Type::Optional(_) => "…".into(),
        };
        let text = self.env.text(at);
        // `??` binds weaker than arithmetic and calls: beside an operator it needs parentheses.
        let inside = what.starts_with("a side of") || what.starts_with("what `");
        let (instead, fix_at, fix) = if inside {
            (format!("({text} ?? {default})"), at, format!("({text} ?? {default})"))
        } else {
            (format!("{text} ?? {default}"), at.end_only(), format!(" ?? {default}"))
        };
        self.report(
            Report::new(
                Code::UnsettledOptional,
                at,
                format!("`{text}` may be missing, and {what} must not be"),
            )
            .label(format!("this is {found}"))
            .help(format!("say what happens then: `{instead}`, or check `!= null` before"))
            .fix(fix_at, fix),
        );
    }

    /// The checked expression and its type. `wanted` helps where a literal could be several things.
    pub(crate) fn infer(&mut self, expr: &Expr, wanted: Option<&Type>) -> (G, Ty) {
        let literal = |value: Value, ty: Type| (G::Literal(value), Some(ty));
        match &expr.kind {
            ExprKind::Error => failed(),
            ExprKind::Null => literal(Value::Null, Type::Null),
            ExprKind::Bool(truth) => literal(Value::Bool(*truth), Type::Bool),
            ExprKind::Int(number) => self.int_literal(*number, expr.at, wanted),
            ExprKind::Decimal(number) => literal(Value::Decimal(*number), Type::Decimal),
            ExprKind::Duration(micros) => literal(Value::Duration(*micros), Type::Duration),
            ExprKind::Text(text) => match text.fixed() {
                Some(fixed) => self.text_literal(&fixed, expr.at, wanted),
                None => (G::Text(self.template(text, Place::Plain)), Some(Type::Text)),
            },
            ExprKind::Name(name) => self.name(name, expr.at),
            ExprKind::Field { of, name, safe } => self.field(expr, of, name, *safe),
            ExprKind::Index { of, index } => self.index(of, index),
            ExprKind::List(items) => self.list(items, wanted),
            ExprKind::Record(fields) => self.record(expr.at, fields, wanted),
            ExprKind::Unary(op, of) => self.unary(*op, of),
            ExprKind::Binary(op, left, right) => self.binary(expr, *op, left, right, wanted),
            ExprKind::If { condition, then, otherwise } => {
                self.conditional(expr.at, condition, then, otherwise, wanted)
            }
            ExprKind::Call { receiver, safe, name, args } => {
                self.call(expr.at, receiver.as_deref(), *safe, name, args)
            }
            ExprKind::Past(past) => self.past(expr.at, past),
            ExprKind::Lambda { .. } => {
                let message = "a function can only be the argument of a function";
                self.report(Report::new(Code::WrongType, expr.at, message).label("not a value"));
                failed()
            }
        }
    }

    /// As far as it is known more closely what stands at the path.
    pub(super) fn narrowed(&self, ty: Ty, path: Option<String>) -> Ty {
        match (ty, path) {
            (Some(ty), Some(path)) => Some(self.scope.narrow(&path, &ty)),
            (ty, _) => ty,
        }
    }

    fn field(&mut self, expr: &Expr, of: &Expr, name: &Ident, safe: bool) -> (G, Ty) {
        if self.is_links(of) {
            return self.link(of.at, name);
        }
        let (value, ty) = self.infer(of, None);
        let made = G::Field { of: Box::new(value), name: name.text.clone() };
        let Some(ty) = ty else { return (made, None) };
        if &*name.text == PLACEHOLDER {
            self.offer_fields(&ty);
        }
        let optional = ty.is_optional();
        if optional && !safe {
            let text = self.env.text(of.at);
            self.report(
                Report::new(
                    Code::UnsettledOptional,
                    of.at,
                    format!("`{text}` may be missing, so it may have no `{}`", name.text),
                )
                .label(format!("this is {ty}"))
                .help(format!("write `{text}?.{}`, which is missing when `{text}` is", name.text))
                .fix(of.at.end_only(), "?"),
            );
            return (made, None);
        }
        match ty.settled() {
            Type::Json => (made, Some(Type::Json)),
            Type::Union(union) => {
                let ty = self.union_field(of, union, name);
                let ty = if optional { ty.map(Type::optional) } else { ty };
                let ty = self.narrowed(ty, narrow::path(expr));
                self.env.mention(name.at, None, Thing::Field, || hover_of(&name.text, &ty));
                (made, ty)
            }
            Type::Record(record) => (made, self.record_field(expr, of, record, name, optional)),
            other => {
                let message = format!("{other} has no fields");
                let mut report = Report::new(Code::UnknownField, name.at, message).label("unknown field");
                if let Some(ours) = foreign::member(&name.text) {
                    report = report.help(format!("write `.{ours}`")).fix(name.at, ours);
                }
                self.report(report);
                (made, None)
            }
        }
    }

    /// A field of a record, which may be missing with it.
    fn record_field(
        &mut self,
        expr: &Expr,
        of: &Expr,
        record: &RecordType,
        name: &Ident,
        optional: bool,
    ) -> Ty {
        let Some(field) = record.field(&name.text) else {
            let known: Vec<&str> = record.fields.iter().map(|field| &*field.name).collect();
            let whole = match &record.name {
                Some(record) => format!("`{record}`"),
                None => format!("`{}`", self.env.text(of.at)),
            };
            let message = format!("{whole} has no field `{}`", name.text);
            let mut report = Report::new(Code::UnknownField, name.at, message).label("unknown field");
            if !known.is_empty() && known.len() <= 12 {
                let list: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
                report = report.help(format!("its fields are {}", list.join(", ")));
            }
            self.report(report.did_you_mean(name.at, &name.text, known.into_iter()));
            return None;
        };
        let ty = if optional { field.ty.clone().optional() } else { field.ty.clone() };
        let ty = self.narrowed(Some(ty), narrow::path(expr));
        let to = self.env.field_place(record, &name.text);
        self.env.mention(name.at, to, Thing::Field, || match &field.doc {
            Some(doc) => format!("{}\n\n{doc}", hover_of(&name.text, &ty)),
            None => hover_of(&name.text, &ty),
        });
        ty
    }

    fn index(&mut self, of: &Expr, index: &Expr) -> (G, Ty) {
        let (list, ty) = self.infer(of, None);
        let at = self.expect(index, &Type::Int, "a position in a list");
        let made = G::Index { of: Box::new(list), index: Box::new(at) };
        let ty = match ty {
            None => None,
            Some(Type::List(item)) => Some((*item).clone().optional()),
            Some(Type::Json) => Some(Type::Json),
            Some(Type::Optional(inner)) if matches!(*inner, Type::List(_)) => {
                self.unsettled(of.at, &Type::Optional(inner), "a list that is looked into");
                None
            }
            Some(other) => {
                self.report(
                    Report::new(Code::WrongType, of.at, format!("only lists have items, this is {other}"))
                        .label(format!("this is {other}")),
                );
                None
            }
        };
        (made, ty)
    }

    fn unary(&mut self, op: UnaryOp, of: &Expr) -> (G, Ty) {
        if op == UnaryOp::Not {
            let value = self.expect(of, &Type::Bool, "what `not` denies");
            return (G::Unary(op, Box::new(value)), Some(Type::Bool));
        }
        let (value, ty) = self.infer(of, None);
        let ty = match (value, ty) {
            (G::Literal(Value::Int(number)), _) => return (G::Literal(Value::Int(-number)), Some(Type::Int)),
            (G::Literal(Value::Decimal(number)), _) => {
                return (G::Literal(Value::Decimal(-number)), Some(Type::Decimal));
            }
            (G::Literal(Value::Duration(micros)), _) => {
                return (G::Literal(Value::Duration(-micros)), Some(Type::Duration));
            }
            (value, ty @ (None | Some(Type::Int | Type::Decimal | Type::Duration))) => {
                return (G::Unary(op, Box::new(value)), ty);
            }
            (_, Some(other)) => other,
        };
        self.demand(of.at, &ty, &Type::Decimal, "what `-` stands before");
        failed()
    }

    fn conditional(
        &mut self,
        at: At,
        condition: &Expr,
        then: &Expr,
        otherwise: &Expr,
        wanted: Option<&Type>,
    ) -> (G, Ty) {
        let test = self.expect(condition, &Type::Bool, "a condition");
        let mark = self.scope.mark();
        self.scope.learn(narrow::facts(condition, true));
        let (yes, a) = self.infer(then, wanted);
        self.scope.reset(mark);
        self.scope.learn(narrow::facts(condition, false));
        let (no, b) = self.infer(otherwise, wanted);
        self.scope.reset(mark);
        let ty = match (a, b) {
            (Some(a), Some(b)) => {
                let both = join(&a, &b);
                if both.is_none() {
                    self.report(
                        Report::new(
                            Code::WrongType,
                            at,
                            format!("the two values must be alike: one is {a}, the other {b}"),
                        )
                        .related(then.at, format!("this is {a}"))
                        .related(otherwise.at, format!("this is {b}")),
                    );
                }
                both
            }
            _ => None,
        };
        (G::If { condition: Box::new(test), then: Box::new(yes), otherwise: Box::new(no) }, ty)
    }

    /// A condition that must be `true` or `false`.
    pub(crate) fn condition(&mut self, expr: &Expr) -> G {
        self.expect(expr, &Type::Bool, "a condition")
    }

    pub(crate) fn binary(
        &mut self,
        expr: &Expr,
        op: BinaryOp,
        left: &Expr,
        right: &Expr,
        wanted: Option<&Type>,
    ) -> (G, Ty) {
        if op == BinaryOp::In
            && let Some(asked) = self.member(left, right)
        {
            return (asked, Some(Type::Bool));
        }
        let ((a, b), ty) = match op {
            BinaryOp::And | BinaryOp::Or => {
                let a = self.expect(left, &Type::Bool, &format!("the left side of `{}`", op.symbol()));
                let mark = self.scope.mark();
                self.scope.learn(narrow::facts(left, op == BinaryOp::And));
                let b = self.expect(right, &Type::Bool, &format!("the right side of `{}`", op.symbol()));
                self.scope.reset(mark);
                ((a, b), Some(Type::Bool))
            }
            BinaryOp::Coalesce => self.coalesce(left, right, wanted),
            BinaryOp::Equal | BinaryOp::NotEqual => self.equal(left, right),
            BinaryOp::In => self.contained(left, right),
            BinaryOp::Less | BinaryOp::LessOrEqual | BinaryOp::Greater | BinaryOp::GreaterOrEqual => {
                self.ordered(op, left, right)
            }
            BinaryOp::Add
            | BinaryOp::Subtract
            | BinaryOp::Multiply
            | BinaryOp::Divide
            | BinaryOp::Remainder => self.arithmetic(expr.at, op, left, right),
        };
        (G::Binary(op, Box::new(a), Box::new(b)), ty)
    }
}

/// What stands for an expression that was reported.
pub(crate) fn failed() -> (G, Ty) {
    (G::Literal(Value::Null), None)
}
