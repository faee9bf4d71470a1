//! Arithmetic on values: exact, checked, with units.

use graph::{
    BinaryOp, Value,
    library::{Fault, number::overflow},
};
use jiff::{SignedDuration, Timestamp};
use rust_decimal::Decimal;

/// Computes `a op b`.
pub(crate) fn arithmetic(op: BinaryOp, a: &Value, b: &Value) -> Result<Value, Fault> {
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
