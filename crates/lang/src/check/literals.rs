//! Literals: texts, lists and records, and the fixed values of defaults.

use std::sync::Arc;

use graph::{Expr as G, Field, Name, RecordType, Type, UnaryOp, Value};

use super::{
    Ty,
    expr::{Check, failed},
    scope::hover_of,
    types::{fits, join},
};
use crate::{
    diagnostic::{Code, Report},
    editor::Thing,
    syntax::{
        At,
        ast::{Expr, ExprKind, Ident},
    },
};

impl Check<'_, '_> {
    /// A text constant is also a member of an enum or the name of a zone, where one of these is wanted.
    pub(super) fn text_literal(&mut self, text: &str, at: At, wanted: Option<&Type>) -> (G, Ty) {
        match literal_text(text, at, wanted) {
            Ok((value, ty)) => (G::Literal(value), Some(ty)),
            Err(report) => {
                self.report(*report);
                failed()
            }
        }
    }

    /// A whole number is also one of some, where one of these is wanted.
    pub(super) fn int_literal(&mut self, number: i64, at: At, wanted: Option<&Type>) -> (G, Ty) {
        let made = G::Literal(Value::Int(number));
        let Some(wanted @ Type::Codes(codes)) = wanted.map(Type::settled) else {
            return (made, Some(Type::Int));
        };
        if codes.iter().any(|code| **code == *number.to_string()) {
            return (made, Some(wanted.clone()));
        }
        self.report(
            Report::new(Code::WrongType, at, format!("`{number}` is not one of {wanted}"))
                .label("not a member")
                .help(format!("write one of {wanted}")),
        );
        failed()
    }

    pub(super) fn list(&mut self, items: &[Expr], wanted: Option<&Type>) -> (G, Ty) {
        if let Some(Type::List(item)) = wanted.map(Type::settled) {
            let made = items.iter().map(|one| self.expect(one, item, "an item of this list")).collect();
            return (G::List(made), Some(Type::List(item.clone())));
        }
        let (mut made, mut ty, mut whole) = (Vec::new(), None::<Type>, true);
        for item in items {
            let (value, found) = self.infer(item, None);
            made.push(value);
            let Some(found) = found else {
                whole = false;
                continue;
            };
            ty = match ty {
                None => Some(found),
                Some(before) => match join(&before, &found) {
                    Some(both) => Some(both),
                    None => {
                        self.report(
                            Report::new(
                                Code::WrongType,
                                item.at,
                                format!("the items of a list must be alike: the first is {before}, this is {found}"),
                            )
                            .label(format!("this is {found}")),
                        );
                        whole = false;
                        Some(before)
                    }
                },
            };
        }
        let item = ty.unwrap_or(Type::Json);
        (G::List(made), whole.then(|| Type::List(Arc::new(item))))
    }

    pub(super) fn record(&mut self, at: At, fields: &[(Ident, Expr)], wanted: Option<&Type>) -> (G, Ty) {
        let wanted = match wanted.map(Type::settled) {
            Some(Type::Record(record)) => Some(record.clone()),
            Some(Type::Union(union)) => match self.variant(at, fields, union) {
                Ok(variant) => variant,
                Err(()) => return failed(),
            },
            _ => None,
        };
        let mut made: Vec<(Name, G)> = Vec::new();
        let mut types: Vec<Field> = Vec::new();
        let mut whole = true;
        for (name, value) in fields {
            if made.iter().any(|(known, _)| *known == name.text) {
                self.report(
                    Report::new(Code::DuplicateName, name.at, format!("`{}` is given twice", name.text))
                        .label("given again"),
                );
                continue;
            }
            let declared =
                wanted.as_ref().and_then(|wanted| wanted.field(&name.text)).map(|field| field.ty.clone());
            let (value, ty) = match declared {
                Some(ty) => (self.expect(value, &ty, &format!("`{}`", name.text)), Some(ty)),
                None => self.infer(value, None),
            };
            made.push((name.text.clone(), value));
            let to = wanted.as_ref().and_then(|wanted| self.env.field_place(wanted, &name.text));
            self.env.mention(name.at, to, Thing::Field, || hover_of(&name.text, &ty));
            match ty {
                Some(ty) => types.push(Field { name: name.text.clone(), ty, default: None, doc: None }),
                None => whole = false,
            }
        }
        let Some(wanted) = wanted else {
            let record = Type::Record(Arc::new(RecordType { name: None, fields: types }));
            return (G::Record(made), whole.then_some(record));
        };
        for field in wanted.fields.iter() {
            if made.iter().any(|(known, _)| *known == field.name) {
                continue;
            }
            let default = field.default.clone().or(field.ty.is_optional().then_some(Value::Null));
            match default {
                Some(value) => made.push((field.name.clone(), G::Literal(value))),
                None => self.report(
                    Report::new(Code::WrongType, at, format!("`{}` is missing here", field.name))
                        .label(format!("wants `{}: {}`", field.name, field.ty))
                        .help(format!("add `{}: …`", field.name)),
                ),
            }
        }
        (G::Record(made), Some(Type::Record(wanted)))
    }
}

fn literal_text(text: &str, at: At, wanted: Option<&Type>) -> Result<(Value, Type), Box<Report>> {
    let value = Value::text(text);
    match wanted.map(Type::settled) {
        Some(Type::Enum(members)) => {
            if members.iter().any(|member| **member == *text) {
                return Ok((value, Type::Enum(members.clone())));
            }
            let list = Type::Enum(members.clone());
            let mut report = Report::new(Code::WrongType, at, format!("`{text}` is not one of {list}"))
                .label("not a member")
                .help(format!("write one of {list}"));
            if let Some(near) = crate::diagnostic::nearest(text, members.iter().map(|member| &**member)) {
                report = report.help(format!("did you mean `{near}`?")).fix(at, format!("\"{near}\""));
            }
            Err(Box::new(report))
        }
        Some(Type::TimeZone) => match jiff::tz::TimeZone::get(text) {
            Ok(_) => Ok((value, Type::TimeZone)),
            Err(_) => Err(Box::new(
                Report::new(Code::WrongType, at, format!("`{text}` is not a time zone"))
                    .label("unknown zone")
                    .help("write an IANA name such as `\"Europe/Berlin\"`"),
            )),
        },
        _ => Ok((value, Type::Text)),
    }
}

/// The value of a default: only literals can be one.
pub(crate) fn constant(expr: &Expr, wanted: &Type) -> Result<Value, Box<Report>> {
    let misfit = |found: &str| {
        Box::new(
            Report::new(Code::WrongType, expr.at, format!("the default must be {wanted}, this is {found}"))
                .label(format!("this is {found}")),
        )
    };
    let (value, ty) = match &expr.kind {
        ExprKind::Null => (Value::Null, Type::Null),
        ExprKind::Bool(truth) => (Value::Bool(*truth), Type::Bool),
        ExprKind::Int(number) => (Value::Int(*number), Type::Int),
        ExprKind::Decimal(number) => (Value::Decimal(*number), Type::Decimal),
        ExprKind::Duration(micros) => (Value::Duration(*micros), Type::Duration),
        ExprKind::Unary(UnaryOp::Negate, of) => match constant(of, wanted)? {
            Value::Int(number) => (Value::Int(-number), Type::Int),
            Value::Decimal(number) => (Value::Decimal(-number), Type::Decimal),
            other => return Err(misfit(other.kind())),
        },
        ExprKind::Text(text) if text.fixed().is_some() => {
            literal_text(&text.fixed().unwrap_or_default(), expr.at, Some(wanted))?
        }
        ExprKind::List(items) => match wanted.settled() {
            Type::List(item) => {
                let items: Result<Vec<Value>, _> = items.iter().map(|one| constant(one, item)).collect();
                (Value::list(items?), wanted.settled().clone())
            }
            _ => return Err(misfit("a list")),
        },
        _ => {
            return Err(Box::new(
                Report::new(Code::WrongType, expr.at, "a default must be a fixed value")
                    .label("not a literal"),
            ));
        }
    };
    match (value, fits(&ty, wanted)) {
        (Value::Int(number), true) if matches!(wanted.settled(), Type::Decimal) => {
            Ok(Value::Decimal(rust_decimal::Decimal::from(number)))
        }
        (value, true) => Ok(value),
        (_, false) => Err(misfit(&ty.to_string())),
    }
}
