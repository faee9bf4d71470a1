//! The function `inLast` of a moment.

use super::{at, beyond, length};
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "inLast",
    method: true,
    params: &[
        Param::needed("at", Shape::DateTime),
        Param::needed("length", Shape::Duration),
        Param::needed("now", Shape::DateTime),
    ],
    result: Shape::Bool,
    doc: "Whether the moment is at most so long before `now`, and not after it: `order.at.inLast(30 days, now)`.",
    examples: &[
        (
            r#""2026-11-24T08:00:00Z".toDateTime().inLast(1 hour, "2026-11-24T09:00:00Z".toDateTime())"#,
            "true",
        ),
        (
            r#""2026-11-24T08:00:00Z".toDateTime().inLast(1 hour, "2026-11-24T07:59:00Z".toDateTime())"#,
            "false",
        ),
        ("now.inLast(1 day, now)", "true"),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let micros = at(call, 2)?.as_microsecond().checked_sub(at(call, 0)?.as_microsecond());
    let far = micros.ok_or_else(beyond)?;
    Ok(Value::Bool((0..=length(call, 1)?).contains(&far)))
}
