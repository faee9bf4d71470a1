//! The function `within` of a moment.

use super::{at, beyond, length};
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "within",
    method: true,
    params: &[
        Param::needed("at", Shape::DateTime),
        Param::needed("length", Shape::Duration),
        Param::needed("of", Shape::DateTime),
    ],
    result: Shape::Bool,
    doc: "Whether the moment is at most so long before or after the other one: `event.at.within(1 hour, now)`.",
    examples: &[
        (
            r#""2026-11-24T08:00:00Z".toDateTime().within(1 hour, "2026-11-24T07:00:00Z".toDateTime())"#,
            "true",
        ),
        (
            r#""2026-11-24T08:00:00Z".toDateTime().within(1 hour, "2026-11-24T09:00:01Z".toDateTime())"#,
            "false",
        ),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let micros = at(call, 0)?.as_microsecond().checked_sub(at(call, 2)?.as_microsecond());
    let far = micros.and_then(i64::checked_abs).ok_or_else(beyond)?;
    Ok(Value::Bool(far <= length(call, 1)?))
}
