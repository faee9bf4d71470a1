//! Evaluates checked expressions.
//!
//! Evaluation is bounded in steps, so that no expression over data, however large, holds up a turn. Names and types
//! were checked by the compiler; what can still fail is the data, and that is a [`Fault`] with a reason.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use graph::{
    BinaryOp, Expr, Formula, Journey, Lambda, Name, Root, UnaryOp, Value,
    library::{Argument, Call, Fault, number::overflow},
};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

use crate::{Context, Event, Instance, render};

/// How many nodes one evaluation may visit.
const MOST_STEPS: u32 = 200_000;

/// What the names in an expression stand for.
#[derive(Debug)]
pub struct Scope<'a> {
    profile: &'a Value,
    event: &'a Value,
    /// The name of that event.
    entered_by: &'a str,
    variables: &'a BTreeMap<Name, Value>,
    /// The audiences that the person belongs to.
    audiences: Option<&'a BTreeSet<Name>>,
    journey: Value,
    now: Timestamp,
    local: Option<&'a Local<'a>>,
    steps: Cell<u32>,
}

/// A name bound inside an expression: a lambda's parameter, a loop's variable, an event that is being looked at.
#[derive(Debug)]
pub(crate) struct Local<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: Value,
    pub(crate) next: Option<&'a Local<'a>>,
}

impl<'a> Scope<'a> {
    /// A scope with a person, the entry's event, the bound names and the present moment, outside any journey.
    pub fn new(
        profile: &'a Value,
        event: &'a Value,
        variables: &'a BTreeMap<Name, Value>,
        now: Timestamp,
    ) -> Scope<'a> {
        Scope {
            profile,
            event,
            entered_by: "",
            variables,
            audiences: None,
            journey: Value::Null,
            now,
            local: None,
            steps: Cell::new(MOST_STEPS),
        }
    }

    /// This scope for a person who belongs to these audiences.
    pub fn among(self, audiences: &'a BTreeSet<Name>) -> Scope<'a> {
        Scope { audiences: Some(audiences), ..self }
    }

    /// The scope of an instance.
    pub(crate) fn of(instance: &'a Instance, profile: &'a Value, context: Context<'a>) -> Scope<'a> {
        let facts = Value::record([
            ("name", Value::Text(instance.journey.clone())),
            ("version", Value::Text(instance.version.clone())),
            ("instance", Value::from(instance.id.to_string())),
            ("enteredAt", Value::DateTime(instance.entered_at)),
        ]);
        let state = &instance.state;
        Scope {
            journey: facts,
            entered_by: &state.entered_by,
            audiences: Some(context.audiences),
            ..Scope::new(profile, &state.event, &state.variables, context.now)
        }
    }

    /// The scope in which somebody is about to enter a journey.
    pub(crate) fn at_entry(
        journey: &Journey,
        event: &'a Event,
        variables: &'a BTreeMap<Name, Value>,
        context: Context<'a>,
    ) -> Scope<'a> {
        let facts = Value::record([
            ("name", Value::Text(journey.name.clone())),
            ("version", Value::Text(journey.version.clone())),
        ]);
        Scope {
            journey: facts,
            entered_by: &event.name,
            audiences: Some(context.audiences),
            ..Scope::new(context.profile, &event.properties, variables, context.now)
        }
    }

    /// This scope with one more name.
    pub(crate) fn with<'b>(&'b self, local: &'b Local<'b>) -> Scope<'b>
    where
        'a: 'b,
    {
        Scope {
            profile: self.profile,
            event: self.event,
            entered_by: self.entered_by,
            variables: self.variables,
            audiences: self.audiences,
            journey: self.journey.clone(),
            now: self.now,
            local: Some(local),
            steps: Cell::new(self.steps.get()),
        }
    }

    /// This scope with other bound names, as an action sees it: its parameters and nothing else.
    pub(crate) fn with_variables<'b>(&'b self, variables: &'b BTreeMap<Name, Value>) -> Scope<'b>
    where
        'a: 'b,
    {
        Scope {
            profile: self.profile,
            event: self.event,
            entered_by: self.entered_by,
            variables,
            audiences: self.audiences,
            journey: self.journey.clone(),
            now: self.now,
            local: None,
            steps: Cell::new(self.steps.get()),
        }
    }

    pub(crate) fn local(&self) -> Option<&Local<'_>> {
        self.local
    }

    fn name(&self, name: &str) -> Option<Value> {
        let mut local = self.local;
        while let Some(bound) = local {
            if bound.name == name {
                return Some(bound.value.clone());
            }
            local = bound.next;
        }
        self.variables.get(name).cloned()
    }

    /// Counts one step; the rest of an inner scope is taken over by the outer one through [`Scope::settle`].
    pub(crate) fn spend(&self) -> Result<(), Fault> {
        let rest = self
            .steps
            .get()
            .checked_sub(1)
            .ok_or_else(|| Fault::new("the expression takes too many steps"))?;
        self.steps.set(rest);
        Ok(())
    }

    pub(crate) fn settle(&self, inner: &Scope<'_>) {
        self.steps.set(inner.steps.get());
    }
}

/// Evaluates an expression.
///
/// # Errors
/// When the data does not allow it: division by zero, overflow, a date that does not exist, too many steps.
pub fn evaluate(expr: &Expr, scope: &Scope<'_>) -> Result<Value, Fault> {
    scope.spend()?;
    match expr {
        Expr::Literal(value) => Ok(value.clone()),
        Expr::Root(Root::Profile) => Ok(scope.profile.clone()),
        Expr::Root(Root::Event) => Ok(scope.event.clone()),
        Expr::Root(Root::Journey) => Ok(scope.journey.clone()),
        Expr::Root(Root::Now) => Ok(Value::DateTime(scope.now)),
        Expr::Entered(event) => {
            Ok(if **event == *scope.entered_by { scope.event.clone() } else { Value::Null })
        }
        Expr::Member(audience) => {
            Ok(Value::Bool(scope.audiences.is_some_and(|audiences| audiences.contains(audience))))
        }
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
        Expr::Text(template) => render::text(template, scope).map(Value::from),
    }
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
        Expr::Root(Root::Profile) => Some(scope.profile),
        Expr::Root(Root::Event) => Some(scope.event),
        Expr::Variable(name) if scope.local.is_none() => scope.variables.get(name),
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
        _ => strict(op, &a, &evaluate(right, scope)?),
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

fn arithmetic(op: BinaryOp, a: &Value, b: &Value) -> Result<Value, Fault> {
    match (op, a, b) {
        (BinaryOp::Add, Value::Text(a), Value::Text(b)) => Ok(Value::from(format!("{a}{b}"))),
        (BinaryOp::Add, Value::List(a), Value::List(b)) => Ok(Value::list(a.iter().chain(b.iter()).cloned())),
        (BinaryOp::Add, Value::DateTime(at), Value::Duration(micros))
        | (BinaryOp::Add, Value::Duration(micros), Value::DateTime(at)) => shifted(*at, *micros),
        (BinaryOp::Subtract, Value::DateTime(at), Value::Duration(micros)) => {
            shifted(*at, micros.checked_neg().ok_or_else(overflow)?)
        }
        (BinaryOp::Subtract, Value::DateTime(a), Value::DateTime(b)) => {
            a.as_microsecond().checked_sub(b.as_microsecond()).map(Value::Duration).ok_or_else(overflow)
        }
        (BinaryOp::Add, Value::Duration(a), Value::Duration(b)) => {
            a.checked_add(*b).map(Value::Duration).ok_or_else(overflow)
        }
        (BinaryOp::Subtract, Value::Duration(a), Value::Duration(b)) => {
            a.checked_sub(*b).map(Value::Duration).ok_or_else(overflow)
        }
        (BinaryOp::Multiply, Value::Duration(micros), factor)
        | (BinaryOp::Multiply, factor, Value::Duration(micros)) => {
            let factor =
                factor.as_decimal().ok_or_else(|| Fault::new("a duration is multiplied by a number"))?;
            let product = Decimal::from(*micros).checked_mul(factor).ok_or_else(overflow)?;
            i64::try_from(product.trunc()).map(Value::Duration).map_err(|_| overflow())
        }
        _ => numeric(op, a, b),
    }
}

fn shifted(at: Timestamp, micros: i64) -> Result<Value, Fault> {
    at.checked_add(SignedDuration::from_micros(micros))
        .map(Value::DateTime)
        .map_err(|_| Fault::new("the date lies beyond the calendar"))
}

fn numeric(op: BinaryOp, a: &Value, b: &Value) -> Result<Value, Fault> {
    if let (Value::Int(a), Value::Int(b)) = (a, b) {
        let whole = match op {
            BinaryOp::Add => Some(a.checked_add(*b)),
            BinaryOp::Subtract => Some(a.checked_sub(*b)),
            BinaryOp::Multiply => Some(a.checked_mul(*b)),
            BinaryOp::Remainder if *b != 0 => Some(a.checked_rem(*b)),
            _ => None,
        };
        if let Some(result) = whole {
            return result.map(Value::Int).ok_or_else(overflow);
        }
    }
    let (Some(a), Some(b)) = (a.as_decimal(), b.as_decimal()) else {
        return Err(Fault(format!("`{}` does not work on {} and {}", op.symbol(), a.kind(), b.kind())));
    };
    if b.is_zero() && matches!(op, BinaryOp::Divide | BinaryOp::Remainder) {
        return Err(Fault::new("division by zero"));
    }
    let result = match op {
        BinaryOp::Add => a.checked_add(b),
        BinaryOp::Subtract => a.checked_sub(b),
        BinaryOp::Multiply => a.checked_mul(b),
        BinaryOp::Divide => a.checked_div(b),
        BinaryOp::Remainder => a.checked_rem(b),
        _ => return Err(Fault(format!("`{}` is no arithmetic", op.symbol()))),
    };
    result.map(Value::Decimal).ok_or_else(overflow)
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
        let local = Local { name, value, next: scope.local };
        let inner = scope.with(&local);
        let result = evaluate(&lambda.body, &inner);
        scope.settle(&inner);
        result
    };
    (function.apply)(&mut Call { args: &arguments, run: &mut run })
}
