//! The function `isBetween` of a date.

use crate::library::{Function, Param, Shape, between};

pub(super) const FUNCTION: Function = Function {
    name: "isBetween",
    method: true,
    params: &[
        Param::needed("date", Shape::Date),
        Param::needed("from", Shape::Date),
        Param::needed("to", Shape::Date),
    ],
    result: Shape::Bool,
    doc: "Whether the date is neither before `from` nor after `to`.",
    examples: &[
        (r#""2026-11-24".toDate().isBetween("2026-11-01".toDate(), "2026-11-24".toDate())"#, "true"),
        (r#""2026-11-24".toDate().isBetween("2026-11-25".toDate(), "2026-11-30".toDate())"#, "false"),
    ],
    apply: |call| between(call),
};
