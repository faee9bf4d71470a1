//! The function `startOfHour` of a moment.

use jiff::SignedDuration;

use super::{at, beyond, wall};
use crate::{
    Value,
    library::{Call, Fault, Function, Param, Shape},
};

pub(super) const FUNCTION: Function = Function {
    name: "startOfHour",
    method: true,
    params: &[Param::needed("at", Shape::DateTime), Param::needed("zone", Shape::TimeZone)],
    result: Shape::DateTime,
    doc: "The beginning of the hour on a zone's clock.",
    examples: &[
        (r#""2026-11-24T08:59:59Z".toDateTime().startOfHour("UTC")"#, r#""2026-11-24T08:00:00Z""#),
        (r#""2026-11-24T08:59:59Z".toDateTime().startOfHour("Asia/Kolkata")"#, r#""2026-11-24T08:30:00Z""#),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let time = wall(call, 1)?.time();
    // Counted back from the moment itself: an hour that the clock shows twice would else become the first of the two.
    let since = SignedDuration::from_mins(i64::from(time.minute()))
        + SignedDuration::from_secs(i64::from(time.second()))
        + SignedDuration::from_nanos(i64::from(time.subsec_nanosecond()));
    at(call, 0)?.checked_sub(since).map(Value::DateTime).map_err(|_| beyond())
}
