//! The function `isWeekend` of a date.

use super::{date, is_weekend};
use crate::{
    Value,
    library::{Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "isWeekend",
    method: true,
    params: &[Param::needed("date", Shape::Date)],
    result: Shape::Bool,
    doc: "Whether it is a Saturday or a Sunday.",
    examples: &[
        (r#""2026-11-28".toDate().isWeekend()"#, "true"),
        (r#""2026-11-24".toDate().isWeekend()"#, "false"),
    ],
    apply: |call| Ok(Value::Bool(is_weekend(date(call, 0)?))),
};
