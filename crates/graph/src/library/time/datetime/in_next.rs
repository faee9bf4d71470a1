//! The function `inNext` of a moment.

use super::{at, beyond, length};
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "inNext",
    method: true,
    params: &[
        Param::needed("at", Shape::DateTime),
        Param::needed("length", Shape::Duration),
        Param::needed("now", Shape::DateTime),
    ],
    result: Shape::Bool,
    doc: "Whether the moment is at most so long after `now`, and not before it: `booking.at.inNext(2 days, now)`.",
    examples: &[
        (r#""2026-11-24T08:00:00Z".toDateTime().inNext(1 day, "2026-11-23T09:00:00Z".toDateTime())"#, "true"),
        (
            r#""2026-11-24T08:00:00Z".toDateTime().inNext(1 day, "2026-11-23T07:59:00Z".toDateTime())"#,
            "false",
        ),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let micros = at(call, 0)?.as_microsecond().checked_sub(at(call, 2)?.as_microsecond());
    let far = micros.ok_or_else(beyond)?;
    Ok(Value::Bool((0..=length(call, 1)?).contains(&far)))
}
