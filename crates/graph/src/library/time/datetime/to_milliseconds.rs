//! The function `toMilliseconds` of a moment.

use super::at;
use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "toMilliseconds",
    method: true,
    params: &[Param::needed("at", Shape::DateTime)],
    result: Shape::Int,
    doc: "The milliseconds since the beginning of 1970 in UTC.",
    examples: &[
        (r#""2026-11-24T07:00:30Z".toDateTime().toMilliseconds()"#, "1795503630000"),
        (r#""1969-12-31T23:59:59.999Z".toDateTime().toMilliseconds()"#, "-1"),
    ],
    apply: |call| Ok(Value::Int(at(call, 0)?.as_millisecond())),
};
