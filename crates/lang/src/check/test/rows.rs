//! The rows that a test is played for.

use std::sync::Arc;

use graph::{Expr as G, Field, Name, RecordType, Type, Value};

use crate::{
    check::{Ty, expr::Check, types::join},
    diagnostic::{Code, Report},
    syntax::ast::{Expr, ExprKind},
};

impl Check<'_, '_> {
    /// The rows of a table. A fixed text in a row is a type of its own, so that it fits an enum that has it as a member.
    pub(super) fn table(&mut self, list: &Expr) -> (G, Ty) {
        let ExprKind::List(rows) = &list.kind else { return self.infer(list, None) };
        let (mut made, mut ty, mut whole) = (Vec::new(), None::<Type>, true);
        for row in rows {
            let (value, found) = self.row(row);
            made.push(value);
            let Some(found) = found else {
                whole = false;
                continue;
            };
            let both = ty.as_ref().map_or(Some(found.clone()), |before| join(before, &found));
            if both.is_none() {
                whole = false;
                self.report(
                    Report::new(Code::WrongType, row.at, "the rows of a table must be alike")
                        .label(format!("this is {found}"))
                        .help("give every row the same fields, of the same types"),
                );
            }
            ty = both.or(ty);
        }
        (G::List(made), ty.filter(|_| whole).map(|row| Type::List(Arc::new(row))))
    }

    fn row(&mut self, row: &Expr) -> (G, Ty) {
        let ExprKind::Record(fields) = &row.kind else { return self.infer(row, None) };
        let (mut made, mut types, mut whole) = (Vec::new(), Vec::new(), true);
        for (name, value) in fields {
            let fixed = match &value.kind {
                ExprKind::Text(text) => text.fixed(),
                _ => None,
            };
            let (value, ty) = match fixed {
                Some(fixed) => {
                    let members = [Name::from(fixed.as_str())].into_iter().collect();
                    (G::Literal(Value::from(fixed)), Some(Type::Enum(members)))
                }
                None => self.infer(value, None),
            };
            made.push((name.text.clone(), value));
            match ty {
                Some(ty) => types.push(Field { name: name.text.clone(), ty, default: None, doc: None }),
                None => whole = false,
            }
        }
        let record = RecordType { name: None, fields: types };
        (G::Record(made), whole.then(|| Type::Record(Arc::new(record))))
    }
}
