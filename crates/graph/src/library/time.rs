//! Functions on instants, dates and durations. Calendar arithmetic names its zone; a wall time that the zone skips moves
//! to the first valid instant after it, one that comes twice means the first.

use jiff::{Span, Timestamp, Unit, civil::Date, tz::TimeZone};

use super::{Call, Fault, Function, Shape, functions, unexpected};
use crate::{Value, schedule::first_instant};

const AT: Shape = Shape::DateTime;
const ZONE: Shape = Shape::TimeZone;

pub(super) const FUNCTIONS: &[Function] = functions![
    "format" method ("at": AT; "pattern": Shape::Text; "zone": ZONE) -> Shape::Text,
        "The instant on a zone's clock, by a strftime pattern.",
        ["\"2026-11-24T08:00:00Z\".toDateTime().format(\"%d.%m.%Y %H:%M\", \"Europe/Berlin\")" => "\"24.11.2026 09:00\""],
        |call| {
            let wall = zone(call, 2)?.to_datetime(at(call, 0)?);
            jiff::fmt::strtime::format(&*call.text(1)?, wall)
                .map(Value::from)
                .map_err(|_| Fault::new("not a date pattern, such as \"%d.%m.%Y\""))
        };
    "toDateTime" method ("text": Shape::Text) -> AT, "The instant that the text gives in RFC 3339; anything else is an error.",
        ["\"2026-11-24T09:00:00+01:00\".toDateTime()" => "\"2026-11-24T08:00:00Z\""],
        |call| {
            let text = call.text(0)?;
            text.parse::<Timestamp>().map(Value::DateTime).map_err(|_| Fault(format!("`{text}` is not a date and time")))
        };
    "toDate" method ("text": Shape::Text) -> Shape::Date, "The date that the text gives as year-month-day; anything else is an error.",
        ["\"2026-11-24\".toDate()" => "\"2026-11-24\""],
        |call| {
            let text = call.text(0)?;
            text.parse::<Date>().map(Value::Date).map_err(|_| Fault(format!("`{text}` is not a date")))
        };
    "date" method ("at": AT; "zone": ZONE) -> Shape::Date, "The date on a zone's calendar.",
        ["\"2026-11-24T23:30:00Z\".toDateTime().date(\"Europe/Berlin\")" => "\"2026-11-25\""],
        |call| Ok(Value::Date(zone(call, 1)?.to_datetime(at(call, 0)?).date()));
    "hour" method ("at": AT; "zone": ZONE) -> Shape::Int, "The hour on a zone's clock, 0 to 23.",
        ["\"2026-11-24T08:00:00Z\".toDateTime().hour(\"Europe/Berlin\")" => "9"],
        |call| Ok(Value::Int(i64::from(zone(call, 1)?.to_datetime(at(call, 0)?).hour())));
    "weekday" method ("at": AT; "zone": ZONE) -> Shape::Int, "The day of the week on a zone's calendar, Monday is 1.",
        ["\"2026-11-24T08:00:00Z\".toDateTime().weekday(\"Europe/Berlin\")" => "2"],
        |call| {
            let day = zone(call, 1)?.to_datetime(at(call, 0)?).date().weekday();
            Ok(Value::Int(i64::from(day.to_monday_one_offset())))
        };
    "plusDays" method ("at": AT; "days": Shape::Int; "zone": ZONE) -> AT, "The same time of day so many days later on a zone's calendar.",
        ["\"2026-10-24T08:00:00Z\".toDateTime().plusDays(1, \"Europe/Berlin\")" => "\"2026-10-25T09:00:00Z\""],
        |call| later(call, Unit::Day);
    "plusMonths" method ("at": AT; "months": Shape::Int; "zone": ZONE) -> AT,
        "The same day and time so many months later on a zone's calendar; a day that the month lacks becomes its last.",
        ["\"2026-01-31T12:00:00Z\".toDateTime().plusMonths(1, \"UTC\")" => "\"2026-02-28T12:00:00Z\""],
        |call| later(call, Unit::Month);
    "startOfDay" method ("at": AT; "zone": ZONE) -> AT, "The first instant of the day on a zone's calendar.",
        ["\"2026-11-24T08:00:00Z\".toDateTime().startOfDay(\"Europe/Berlin\")" => "\"2026-11-23T23:00:00Z\""],
        |call| {
            let zone = zone(call, 1)?;
            let midnight = zone.to_datetime(at(call, 0)?).date().to_datetime(jiff::civil::Time::midnight());
            instant(midnight, &zone)
        };
    "inSeconds" method ("length": Shape::Duration) -> Shape::Int, "The whole seconds of a duration.",
        ["(2 minutes).inSeconds()" => "120"],
        |call| whole(call, 1_000_000);
    "inHours" method ("length": Shape::Duration) -> Shape::Int, "The whole hours of a duration.",
        ["(1 day).inHours()" => "24"],
        |call| whole(call, 3_600_000_000);
    "inDays" method ("length": Shape::Duration) -> Shape::Int, "The whole days of 24 hours of a duration.",
        ["(49 hours).inDays()" => "2"],
        |call| whole(call, 86_400_000_000);
];

fn at(call: &Call<'_>, index: usize) -> Result<Timestamp, Fault> {
    match call.value(index) {
        Value::DateTime(at) => Ok(at),
        other => Err(unexpected("datetime", &other)),
    }
}

fn zone(call: &Call<'_>, index: usize) -> Result<TimeZone, Fault> {
    let name = call.text(index)?;
    TimeZone::get(&name).map_err(|_| Fault(format!("`{name}` is not a time zone")))
}

fn whole(call: &Call<'_>, micros: i64) -> Result<Value, Fault> {
    match call.value(0) {
        Value::Duration(length) => Ok(Value::Int(length / micros)),
        other => Err(unexpected("duration", &other)),
    }
}

fn later(call: &Call<'_>, unit: Unit) -> Result<Value, Fault> {
    let zone = zone(call, 2)?;
    let count = call.int(1)?;
    let span = match unit {
        Unit::Month => Span::new().try_months(count),
        _ => Span::new().try_days(count),
    };
    let start = zone.to_datetime(at(call, 0)?);
    let wall = span
        .and_then(|span| start.checked_add(span))
        .map_err(|_| Fault::new("the date lies beyond the calendar"))?;
    instant(wall, &zone)
}

fn instant(wall: jiff::civil::DateTime, zone: &TimeZone) -> Result<Value, Fault> {
    first_instant(wall, zone)
        .map(Value::DateTime)
        .ok_or_else(|| Fault::new("the date lies beyond the calendar"))
}
