//! The function `format` of a date.

use jiff::fmt::strtime;

use super::{date, is_pattern, no_pattern, pattern};
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape, bounded},
};

pub(super) const FUNCTION: Function = Function {
    name: "format",
    method: true,
    params: &[Param::needed("date", Shape::Date), Param::spelled("pattern", is_pattern)],
    result: Shape::Text,
    doc: "The date by a strftime pattern.",
    examples: &[
        (r#""2026-11-24".toDate().format("%d.%m.%Y")"#, r#""24.11.2026""#),
        (r#""2026-11-24".toDate().format("%A, %-d %B")"#, r#""Tuesday, 24 November""#),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let date = date(call, 0)?;
    strtime::format(&*pattern(call, 1)?, date).map_err(|_| no_pattern()).and_then(bounded)
}
