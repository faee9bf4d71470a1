//! The function `isBetween` of a moment.

use crate::library::{Function, Param, Shape, between};

pub(super) const FUNCTION: Function = Function {
    name: "isBetween",
    method: true,
    params: &[
        Param::needed("at", Shape::DateTime),
        Param::needed("from", Shape::DateTime),
        Param::needed("to", Shape::DateTime),
    ],
    result: Shape::Bool,
    doc: "Whether the moment is neither before `from` nor after `to`.",
    examples: &[
        (
            r#""2026-11-24T08:00:00Z".toDateTime().isBetween("2026-11-24T08:00:00Z".toDateTime(), "2026-11-25T08:00:00Z".toDateTime())"#,
            "true",
        ),
        (
            r#""2026-11-24T08:00:00Z".toDateTime().isBetween("2026-11-25T08:00:00Z".toDateTime(), "2026-11-26T08:00:00Z".toDateTime())"#,
            "false",
        ),
    ],
    apply: |call| between(call),
};
