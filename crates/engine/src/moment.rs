//! When a wait ends.

use graph::{CalendarDay, Moment, Value, library::Fault, schedule::first_instant};
use jiff::{SignedDuration, Timestamp, ToSpan, civil, tz::TimeZone};

use crate::eval::{Scope, evaluate};

/// The instant at which a wait that begins at `now` ends; it may lie in the past.
pub(crate) fn instant(moment: &Moment, scope: &Scope<'_>, now: Timestamp) -> Result<Timestamp, Fault> {
    match moment {
        Moment::After(length) => match evaluate(length, scope)? {
            Value::Duration(micros) => {
                now.checked_add(SignedDuration::from_micros(micros)).map_err(|_| beyond())
            }
            other => Err(Fault(format!("expected a duration, found {}", other.kind()))),
        },
        Moment::At(at) => match evaluate(at, scope)? {
            Value::DateTime(at) => Ok(at),
            other => Err(Fault(format!("expected a datetime, found {}", other.kind()))),
        },
        Moment::Calendar { day, time, zone } => {
            calendar(*day, *time, &zone_of(&evaluate(zone, scope)?)?, now)
        }
        Moment::Window { from, until, days, zone } => {
            let zone = zone_of(&evaluate(zone, scope)?)?;
            let (opens, _) = hours(*from, *until, days, &zone, now).ok_or_else(beyond)?;
            Ok(opens.max(now))
        }
        Moment::Cron { schedule, zone } => schedule
            .next(now, &zone_of(&evaluate(zone, scope)?)?)
            .ok_or_else(|| Fault(format!("the schedule `{}` never comes again", schedule.text()))),
    }
}

fn calendar(
    day: CalendarDay,
    time: civil::Time,
    zone: &TimeZone,
    now: Timestamp,
) -> Result<Timestamp, Fault> {
    let wall = zone.to_datetime(now);
    let today = wall.date();
    let ahead = |accepts: &dyn Fn(civil::Weekday) -> bool| {
        (1..=7).filter_map(|days| today.checked_add(days.days()).ok()).find(|date| accepts(date.weekday()))
    };
    let date = match day {
        CalendarDay::Next => {
            let todays = first_instant(today.to_datetime(time), zone).ok_or_else(beyond)?;
            if todays > now {
                return Ok(todays);
            }
            ahead(&|_| true)
        }
        CalendarDay::Tomorrow => ahead(&|_| true),
        CalendarDay::NextWeekday => {
            ahead(&|day| !matches!(day, civil::Weekday::Saturday | civil::Weekday::Sunday))
        }
        CalendarDay::NextDay(wanted) => ahead(&|day| day == wanted),
    };
    first_instant(date.ok_or_else(beyond)?.to_datetime(time), zone).ok_or_else(beyond)
}

/// The daily hours that `now` lies in, or else the next ones: when they begin and when they end. They are on the clock of
/// a zone, and on these days alone if there are any; hours that end before they begin go over midnight.
pub(crate) fn hours(
    from: civil::Time,
    until: civil::Time,
    days: &[civil::Weekday],
    zone: &TimeZone,
    now: Timestamp,
) -> Option<(Timestamp, Timestamp)> {
    let today = zone.to_datetime(now).date();
    let overnight = i64::from(until <= from);
    // Yesterday's may go on past midnight; those that a change of the clock swallows are left out.
    (-1..=8).find_map(|ahead| {
        let day = today.checked_add(ahead.days()).ok()?;
        if !days.is_empty() && !days.contains(&day.weekday()) {
            return None;
        }
        let begin = first_instant(day.to_datetime(from), zone)?;
        let end = first_instant(day.checked_add(overnight.days()).ok()?.to_datetime(until), zone)?;
        (begin < end && now < end).then_some((begin, end))
    })
}

pub(crate) fn zone_of(zone: &Value) -> Result<TimeZone, Fault> {
    let name = zone.as_text().unwrap_or_default();
    TimeZone::get(name).map_err(|_| Fault(format!("`{name}` is not a time zone")))
}

fn beyond() -> Fault {
    Fault::new("the moment lies beyond the calendar")
}
