//! The function `toDateTime` of an integer.

use jiff::Timestamp;

use crate::{
    Value,
    library::{Function, Param, Shape, time::beyond},
};

pub(super) const FUNCTION: Function = Function {
    name: "toDateTime",
    method: true,
    params: &[Param::needed("milliseconds", Shape::Int)],
    result: Shape::DateTime,
    doc: "The moment so many milliseconds after the beginning of 1970 in UTC.",
    examples: &[
        ("(1795508430000).toDateTime()", r#""2026-11-24T08:20:30Z""#),
        ("(-1).toDateTime()", r#""1969-12-31T23:59:59.999Z""#),
    ],
    apply: |call| Timestamp::from_millisecond(call.int(0)?).map(Value::DateTime).map_err(|_| beyond()),
};
