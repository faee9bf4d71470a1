//! The function `toDateTime` of a date.

use jiff::civil::Time;

use super::{date, instant, zone};
use crate::library::{Function, Param, Shape};

pub(super) const FUNCTION: Function = Function {
    name: "toDateTime",
    method: true,
    params: &[Param::needed("date", Shape::Date), Param::needed("zone", Shape::TimeZone)],
    result: Shape::DateTime,
    doc: "The first moment of this day on a zone's calendar.",
    examples: &[
        (r#""2026-11-24".toDate().toDateTime("Europe/Berlin")"#, r#""2026-11-23T23:00:00Z""#),
        (r#""2026-09-06".toDate().toDateTime("America/Santiago")"#, r#""2026-09-06T04:00:00Z""#),
    ],
    apply: |call| instant(date(call, 0)?.to_datetime(Time::midnight()), &zone(call, 1)?),
};
