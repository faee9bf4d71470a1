//! Cron schedules on a zone's clock.
//!
//! The text is what crontab users write: five fields, `0` and `7` are Sunday, `1-5` is Monday to Friday, and when both
//! day fields are given either may match. The `cron` crate counts days otherwise (1 is Sunday), demands both day fields
//! to match, and mistakes a clock change: so the text is translated here, the schedule is evaluated on the *wall clock*
//! (labelled UTC, where no hour is missing or doubled), and only the result is turned into an instant. A wall time
//! that the zone skips moves to the first valid instant after it; one that comes twice means the first.

use std::str::FromStr;

use chrono::{DateTime, TimeZone as _, Utc};
use jiff::{Timestamp, civil, tz::TimeZone};

use crate::Name;

/// A cron schedule.
#[derive(Clone, Debug)]
pub struct Schedule {
    text: Name,
    parts: Vec<cron::Schedule>,
}

impl PartialEq for Schedule {
    fn eq(&self, other: &Schedule) -> bool {
        self.text == other.text
    }
}

impl Schedule {
    /// Reads `minute hour day-of-month month day-of-week`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Schedule, String> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err(format!(
                "a schedule has five fields (minute hour day month weekday), this one has {}",
                fields.len()
            ));
        };
        let weekday = weekdays(weekday)?;
        let texts = if *day != "*" && weekday != "*" {
            vec![
                format!("0 {minute} {hour} {day} {month} *"),
                format!("0 {minute} {hour} * {month} {weekday}"),
            ]
        } else {
            vec![format!("0 {minute} {hour} {day} {month} {weekday}")]
        };
        let mut parts = Vec::with_capacity(texts.len());
        for part in texts {
            let schedule =
                cron::Schedule::from_str(&part).map_err(|_| format!("`{text}` is not a cron schedule"))?;
            parts.push(schedule);
        }
        let start = DateTime::UNIX_EPOCH;
        if parts.iter().all(|part| part.after(&start).next().is_none()) {
            return Err(format!("`{text}` never comes"));
        }
        Ok(Schedule { text: text.into(), parts })
    }

    /// The schedule as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The first time after `after`, on the clock of `zone`; `None` when there is none before the year 2100.
    pub fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        // No wall time whose first instant is still to come lies before what the clock shows now, set back or not.
        let from = wall_as_utc(zone.to_datetime(after))?;
        self.parts
            .iter()
            .filter_map(|part| {
                part.after(&from)
                    .take_while(|wall| *wall < limit())
                    .filter_map(|wall| instant_of(wall, zone))
                    .find(|instant| *instant > after)
            })
            .min()
    }
}

fn limit() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2100, 1, 1, 0, 0, 0).single().unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn wall_as_utc(wall: civil::DateTime) -> Option<DateTime<Utc>> {
    let seconds = TimeZone::UTC.to_timestamp(wall).ok()?.as_second();
    DateTime::from_timestamp(seconds, 0)
}

fn instant_of(wall: DateTime<Utc>, zone: &TimeZone) -> Option<Timestamp> {
    let wall = TimeZone::UTC.to_datetime(Timestamp::from_second(wall.timestamp()).ok()?);
    first_instant(wall, zone)
}

/// The instant at which a zone's clock shows `wall`: the first of two, or the first valid one after a skipped time.
pub fn first_instant(wall: civil::DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(wall);
    match ambiguous.offset() {
        jiff::tz::AmbiguousOffset::Gap { after, .. } => {
            // Read with the offset after the gap the wall time lies before the change: the change itself is wanted.
            let early = after.to_timestamp(wall).ok()?;
            zone.following(early).next().map(|change| change.timestamp())
        }
        _ => ambiguous.compatible().ok(),
    }
}

/// Translates crontab's weekdays (0–7, Sunday first and last) into names, which mean the same to everybody.
fn weekdays(field: &str) -> Result<String, String> {
    const NAMES: [&str; 8] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let name = |text: &str| -> Result<usize, String> {
        if let Ok(number) = text.parse::<usize>()
            && number < NAMES.len()
        {
            return Ok(number);
        }
        NAMES
            .iter()
            .position(|name| name.eq_ignore_ascii_case(text))
            .ok_or_else(|| format!("`{text}` is not a day of the week (0-7 or Sun-Sat)"))
    };
    if field == "*" {
        return Ok(field.to_owned());
    }
    let mut days = std::collections::BTreeSet::new();
    for item in field.split(',') {
        let (range, step) = match item.split_once('/') {
            Some((range, step)) => (
                range,
                step.parse::<usize>().ok().filter(|step| *step > 0).ok_or("a step must be above zero")?,
            ),
            None => (item, 1),
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (0, 6),
            Some((first, last)) => (name(first)?, name(last)?),
            None => (name(range)?, name(range)?),
        };
        if first > last {
            return Err(format!("`{range}` runs backwards"));
        }
        days.extend((first..=last).step_by(step).map(|day| day % 7));
    }
    Ok(days.iter().filter_map(|day| NAMES.get(*day)).copied().collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(text: &str, after: &str, zone: &str) -> String {
        let schedule = Schedule::parse(text).unwrap();
        schedule.next(after.parse().unwrap(), &TimeZone::get(zone).unwrap()).unwrap().to_string()
    }

    #[test]
    fn weekdays_are_counted_as_crontab_counts_them() {
        // 2026-11-27 is a Friday.
        assert_eq!(next("0 9 * * 1-5", "2026-11-27T09:00:00Z", "UTC"), "2026-11-30T09:00:00Z");
        assert_eq!(next("0 9 * * 0", "2026-11-27T09:00:00Z", "UTC"), "2026-11-29T09:00:00Z");
        assert_eq!(next("0 9 * * 7", "2026-11-27T09:00:00Z", "UTC"), "2026-11-29T09:00:00Z");
    }

    #[test]
    fn either_day_field_may_match_when_both_are_given() {
        assert_eq!(next("0 0 13 * 5", "2026-11-24T00:00:00Z", "UTC"), "2026-11-27T00:00:00Z");
    }

    #[test]
    fn a_skipped_wall_time_moves_to_the_change_and_a_doubled_one_means_the_first() {
        assert_eq!(next("30 2 * * *", "2027-03-14T00:00:00Z", "America/New_York"), "2027-03-14T07:00:00Z");
        let first = next("30 1 * * *", "2027-11-07T00:00:00Z", "America/New_York");
        assert_eq!(first, "2027-11-07T05:30:00Z");
        assert_eq!(next("30 1 * * *", &first, "America/New_York"), "2027-11-08T06:30:00Z");
    }

    #[test]
    fn impossible_schedules_are_refused_with_a_reason() {
        for (text, reason) in [
            ("0 9 * *", "a schedule has five fields (minute hour day month weekday), this one has 4"),
            ("0 0 30 2 *", "`0 0 30 2 *` never comes"),
            ("0 9 * * 9", "`9` is not a day of the week (0-7 or Sun-Sat)"),
            ("61 9 * * *", "`61 9 * * *` is not a cron schedule"),
        ] {
            assert_eq!(Schedule::parse(text).unwrap_err(), reason);
        }
    }
}
