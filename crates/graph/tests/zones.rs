//! Schedules in every time zone, about each change of its clock in ten years: a daily time comes once on each local day.

#![allow(clippy::unwrap_used, reason = "a test may fail loudly")]

use std::collections::BTreeMap;

use graph::schedule::Schedule;
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};

/// Every half hour of the hours in which clocks are changed, and one in the middle of the day.
const TIMES: [&str; 9] = [
    "0 0 * * *",
    "30 0 * * *",
    "0 1 * * *",
    "30 1 * * *",
    "0 2 * * *",
    "30 2 * * *",
    "0 3 * * *",
    "30 3 * * *",
    "0 9 * * *",
];

fn from() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn until() -> Timestamp {
    "2036-01-01T00:00:00Z".parse().unwrap()
}

/// How often a schedule comes on each local day about a change, the first and the last day left out.
fn comes(schedule: &Schedule, zone: &TimeZone, change: Timestamp) -> BTreeMap<Date, u32> {
    let days = SignedDuration::from_hours(3 * 24);
    let (mut at, end) = (change - days, change + days);
    let day = |at: Timestamp| zone.to_datetime(at).date();
    let mut counts = BTreeMap::new();
    let mut next = day(at).tomorrow().unwrap();
    while next < day(end) {
        counts.insert(next, 0);
        next = next.tomorrow().unwrap();
    }
    while let Some(come) = schedule.next(at, zone).filter(|come| *come < end) {
        assert!(come > at, "it goes on");
        if let Some(count) = counts.get_mut(&day(come)) {
            *count += 1;
        }
        at = come;
    }
    counts
}

#[test]
fn a_daily_time_comes_once_on_each_local_day_of_every_zone() {
    let schedules = TIMES.map(|text| Schedule::parse(text).unwrap());
    let (mut zones, mut changes) = (0, 0);
    for name in jiff::tz::db().available() {
        let zone = TimeZone::get(name.as_str()).unwrap();
        zones += 1;
        for change in zone.following(from()).map(|change| change.timestamp()).take_while(|at| *at < until()) {
            changes += 1;
            for schedule in &schedules {
                let counts = comes(schedule, &zone, change);
                let wrong: Vec<_> = counts.iter().filter(|(_, count)| **count != 1).collect();
                assert!(wrong.is_empty(), "`{}` in {name} about {change}: {wrong:?}", schedule.text());
            }
        }
    }
    println!("{zones} zones, {changes} changes");
    assert!(zones > 400 && changes > 1_000, "{zones} zones, {changes} changes");
}
