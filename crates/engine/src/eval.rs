//! Evaluates checked expressions.
//!
//! Evaluation is bounded in steps and memory, so that no expression over data, however large, holds up a turn. Names and
//! types were checked by the compiler; what can still fail is the data, and that is a [`Fault`] with a reason.

use std::collections::BTreeMap;

use graph::{
    BinaryOp, Expr, Formula, Lambda, Root, UnaryOp, Value,
    library::{Argument, Call, Fault, number::overflow},
};

pub(crate) use crate::scope::Local;
pub use crate::scope::Scope;
use crate::{arithmetic::arithmetic, render};

/// Evaluates an expression.
///
/// # Errors
/// When the data does not allow it: division by zero, overflow, a date that does not exist, too many steps.
pub fn evaluate(expr: &Expr, scope: &Scope<'_>) -> Result<Value, Fault> {
    scope.spend(1)?;
    match expr {
        Expr::Literal(value) => Ok(value.clone()),
        Expr::Root(root) => Ok(scope.root(*root)),
        Expr::Entered(event) => Ok(scope.entered_by(event)),
        Expr::Member(audience) => Ok(Value::Bool(scope.belongs_to(audience))),
        Expr::Link(link) => Ok(Value::from(scope.link(link))),
        Expr::Variable(name) => scope.name(name).ok_or_else(|| Fault(format!("`{name}` has no value here"))),
        Expr::Field { of, name } => Ok(match place(of, scope) {
            // The common case, a field of something named, is read without copying the whole.
            Some(value) => value.field(name).cloned().unwrap_or(Value::Null),
            None => evaluate(of, scope)?.field(name).cloned().unwrap_or(Value::Null),
        }),
        Expr::Index { of, index } => item(&evaluate(of, scope)?, &evaluate(index, scope)?),
        Expr::List(items) => {
            Ok(Value::list(items.iter().map(|item| evaluate(item, scope)).collect::<Result<Vec<_>, _>>()?))
        }
        Expr::Record(fields) => {
            let mut values = Vec::with_capacity(fields.len());
            for (name, value) in fields {
                values.push((name.clone(), evaluate(value, scope)?));
            }
            Ok(Value::record(values))
        }
        Expr::Unary(op, operand) => unary(*op, evaluate(operand, scope)?),
        Expr::Binary(op, left, right) => binary(*op, left, right, scope),
        Expr::If { condition, then, otherwise } => {
            if truth(&evaluate(condition, scope)?)? {
                evaluate(then, scope)
            } else {
                evaluate(otherwise, scope)
            }
        }
        Expr::Call { function, args } => call(function, args, scope),
        Expr::Apply { function, args } => apply(function, args, scope),
        Expr::Lambda(_) => Err(Fault::new("a function is no value")),
        Expr::Text(template) => weighed(render::text(template, scope).map(Value::from), scope),
    }
}

/// A value that was made just now, counted.
fn weighed(made: Result<Value, Fault>, scope: &Scope<'_>) -> Result<Value, Fault> {
    let made = made?;
    scope.weigh(&made)?;
    Ok(made)
}

/// Whether a condition holds.
///
/// # Errors
/// When it cannot be evaluated.
pub(crate) fn holds(expr: &Expr, scope: &Scope<'_>) -> Result<bool, Fault> {
    truth(&evaluate(expr, scope)?)
}

fn place<'s>(expr: &Expr, scope: &'s Scope<'_>) -> Option<&'s Value> {
    match expr {
        Expr::Root(Root::Profile) => Some(scope.profile()),
        Expr::Root(Root::Event) => Some(scope.event()),
        Expr::Variable(name) if scope.local().is_none() => scope.variable(name),
        _ => None,
    }
}

fn truth(value: &Value) -> Result<bool, Fault> {
    value.as_bool().ok_or_else(|| Fault(format!("expected true or false, found {}", value.kind())))
}

fn item(list: &Value, index: &Value) -> Result<Value, Fault> {
    match (list, index) {
        (Value::List(items), Value::Int(index)) => {
            let position = if *index < 0 {
                items.len().checked_sub(usize::try_from(index.unsigned_abs()).unwrap_or(usize::MAX))
            } else {
                usize::try_from(*index).ok()
            };
            Ok(position.and_then(|position| items.get(position)).cloned().unwrap_or(Value::Null))
        }
        (Value::Record(record), Value::Text(name)) => Ok(record.get(name).cloned().unwrap_or(Value::Null)),
        _ => Ok(Value::Null),
    }
}

fn unary(op: UnaryOp, value: Value) -> Result<Value, Fault> {
    match (op, value) {
        (UnaryOp::Not, value) => Ok(Value::Bool(!truth(&value)?)),
        (UnaryOp::Negate, Value::Int(number)) => number.checked_neg().map(Value::Int).ok_or_else(overflow),
        (UnaryOp::Negate, Value::Decimal(number)) => Ok(Value::Decimal(-number)),
        (UnaryOp::Negate, Value::Duration(micros)) => {
            micros.checked_neg().map(Value::Duration).ok_or_else(overflow)
        }
        (UnaryOp::Negate, other) => Err(Fault(format!("{} has no sign", other.kind()))),
    }
}

fn binary(op: BinaryOp, left: &Expr, right: &Expr, scope: &Scope<'_>) -> Result<Value, Fault> {
    let a = evaluate(left, scope)?;
    match op {
        BinaryOp::And => Ok(Value::Bool(truth(&a)? && holds(right, scope)?)),
        BinaryOp::Or => Ok(Value::Bool(truth(&a)? || holds(right, scope)?)),
        BinaryOp::Coalesce => {
            if a.is_null() {
                evaluate(right, scope)
            } else {
                Ok(a)
            }
        }
        _ => weighed(strict(op, &a, &evaluate(right, scope)?), scope),
    }
}

fn strict(op: BinaryOp, a: &Value, b: &Value) -> Result<Value, Fault> {
    use std::cmp::Ordering::{Greater, Less};
    let compared = |accepts: fn(std::cmp::Ordering) -> bool| match a.compare(b) {
        Some(ordering) => Ok(Value::Bool(accepts(ordering))),
        None => Err(Fault(format!("{} and {} have no order", a.kind(), b.kind()))),
    };
    match op {
        BinaryOp::Equal => Ok(Value::Bool(a.means_same(b))),
        BinaryOp::NotEqual => Ok(Value::Bool(!a.means_same(b))),
        BinaryOp::Less => compared(|ordering| ordering == Less),
        BinaryOp::LessOrEqual => compared(|ordering| ordering != Greater),
        BinaryOp::Greater => compared(|ordering| ordering == Greater),
        BinaryOp::GreaterOrEqual => compared(|ordering| ordering != Less),
        BinaryOp::In => match (a, b) {
            (_, Value::List(items)) => Ok(Value::Bool(items.iter().any(|item| item.means_same(a)))),
            (Value::Text(part), Value::Text(text)) => Ok(Value::Bool(text.contains(&**part))),
            _ => Err(Fault(format!("{} has no members", b.kind()))),
        },
        _ => arithmetic(op, a, b),
    }
}

fn apply(function: &Formula, args: &[Expr], scope: &Scope<'_>) -> Result<Value, Fault> {
    let mut variables = BTreeMap::new();
    for (param, arg) in function.params.iter().zip(args) {
        variables.insert(param.clone(), evaluate(arg, scope)?);
    }
    let inner = scope.with_variables(&variables);
    let result = evaluate(&function.body, &inner);
    scope.settle(&inner);
    result
}

fn call(function: &graph::library::Function, args: &[Expr], scope: &Scope<'_>) -> Result<Value, Fault> {
    let mut arguments = Vec::with_capacity(args.len());
    for arg in args {
        arguments.push(match arg {
            Expr::Lambda(lambda) => Argument::Lambda(lambda),
            other => Argument::Value(evaluate(other, scope)?),
        });
    }
    let mut run = |lambda: &Lambda, value: Value| {
        let Some(name) = lambda.params.first() else {
            return evaluate(&lambda.body, scope);
        };
        let local = Local { name, value, next: scope.local() };
        let inner = scope.with(&local);
        let result = evaluate(&lambda.body, &inner);
        scope.settle(&inner);
        result
    };
    weighed((function.apply)(&mut Call { args: &arguments, run: &mut run }), scope)
}
