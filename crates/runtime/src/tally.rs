//! What calls came to lately: how many there were of each action, how they ended and how long they took.
//!
//! Each node counts its own, in memory. Deliberately absent: what Prometheus is for, which is to keep it for longer.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use graph::Name;
use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Two of these are remembered: the one that goes on, and the one before.
const WINDOW: Duration = Duration::from_secs(150);
/// Times are kept in this unit, between one and so many of them, to two digits.
const UNIT: Duration = Duration::from_micros(100);
const LONGEST: u64 = 36_000_000;
const DIGITS: u8 = 2;

/// What calls came to lately.
#[derive(Default)]
pub(crate) struct Tally(Mutex<HashMap<(Name, Name), Windows>>);

struct Windows {
    began: Instant,
    now: Counted,
    before: Counted,
}

#[derive(Default)]
struct Counted {
    ends: BTreeMap<&'static str, u64>,
    took: Option<Histogram<u32>>,
}

/// The calls of one action in the last minutes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ActionCalls {
    /// The connection.
    pub connection: Name,
    /// The action.
    pub action: Name,
    /// Over how many seconds they were counted.
    pub seconds: f64,
    /// How many attempts ended in which way: `ok`, the kind of an error, or `cached`.
    pub ends: BTreeMap<String, u64>,
    /// How many attempts took how long, in units of 100 microseconds, shortest first.
    took: Vec<(u64, u64)>,
}

impl Tally {
    /// An attempt has ended; how long it took, if it went out.
    pub(crate) fn count(
        &self,
        connection: &Name,
        action: &Name,
        end: &'static str,
        took: Option<Duration>,
        now: Instant,
    ) {
        let mut actions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let windows = actions.entry((connection.clone(), action.clone())).or_insert_with(|| Windows {
            began: now,
            now: Counted::default(),
            before: Counted::default(),
        });
        windows.move_on(now);
        *windows.now.ends.entry(end).or_default() += 1;
        let Some(took) = took else { return };
        let units = u64::try_from(took.as_micros() / UNIT.as_micros()).unwrap_or(LONGEST);
        if windows.now.took.is_none() {
            windows.now.took = Histogram::new_with_bounds(1, LONGEST, DIGITS).ok();
        }
        if let Some(histogram) = &mut windows.now.took {
            histogram.saturating_record(units.clamp(1, LONGEST));
        }
    }

    /// What was counted, by connection and action.
    pub(crate) fn report(&self, now: Instant) -> Vec<ActionCalls> {
        let mut actions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut calls: Vec<ActionCalls> = actions
            .iter_mut()
            .map(|((connection, action), windows)| windows.report(connection, action, now))
            .collect();
        calls.sort_by(|one, other| (&one.connection, &one.action).cmp(&(&other.connection, &other.action)));
        calls
    }
}

impl Windows {
    fn move_on(&mut self, now: Instant) {
        let gone = now.saturating_duration_since(self.began);
        if gone < WINDOW {
            return;
        }
        self.before = std::mem::take(&mut self.now);
        if gone >= 2 * WINDOW {
            self.before = Counted::default();
        }
        self.began = now;
    }

    fn report(&mut self, connection: &Name, action: &Name, now: Instant) -> ActionCalls {
        self.move_on(now);
        let mut calls = ActionCalls {
            connection: connection.clone(),
            action: action.clone(),
            seconds: now.saturating_duration_since(self.began).as_secs_f64(),
            ..ActionCalls::default()
        };
        if !self.before.ends.is_empty() {
            calls.seconds += WINDOW.as_secs_f64();
        }
        for counted in [&self.before, &self.now] {
            for (end, count) in &counted.ends {
                *calls.ends.entry((*end).to_owned()).or_default() += count;
            }
            let recorded = counted.took.iter().flat_map(Histogram::iter_recorded);
            calls.took.extend(recorded.map(|at| (at.value_iterated_to(), at.count_at_value().into())));
        }
        calls.took.sort_unstable();
        calls
    }
}

impl ActionCalls {
    /// Adds what another node counted of the same action.
    pub fn add(&mut self, other: &ActionCalls) {
        self.seconds = self.seconds.max(other.seconds);
        for (end, count) in &other.ends {
            *self.ends.entry(end.clone()).or_default() += count;
        }
        self.took.extend(&other.took);
        self.took.sort_unstable();
    }

    /// The time within which so many of a hundred attempts had ended, to about a hundredth; none if none went out.
    pub fn percentile(&self, percent: u64) -> Option<Duration> {
        let all: u64 = self.took.iter().map(|(_, count)| count).sum();
        let wanted = (all * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let found = self.took.iter().find(|(_, count)| {
            seen += count;
            seen >= wanted
        });
        found.map(|(units, _)| UNIT * u32::try_from(*units).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(tally: &Tally, end: &'static str, millis: u64, now: Instant) {
        tally.count(&"shop".into(), &"ask".into(), end, Some(Duration::from_millis(millis)), now);
    }

    fn is_about(found: Option<Duration>, millis: f64) -> bool {
        found.is_some_and(|found| (found.as_secs_f64() * 1_000.0 - millis).abs() <= millis / 50.0)
    }

    #[test]
    fn percentiles_are_those_of_the_last_minutes_over_all_nodes() {
        let (tally, other, begin) = (Tally::default(), Tally::default(), Instant::now());
        (1..=50).for_each(|millis| count(&tally, "ok", millis, begin));
        (51..=100).for_each(|millis| count(&other, "http", millis, begin));
        let mut calls = tally.report(begin).remove(0);
        calls.add(&other.report(begin)[0]);
        assert_eq!(calls.ends, BTreeMap::from([("ok".into(), 50), ("http".into(), 50)]));
        assert!(is_about(calls.percentile(50), 50.0), "{:?}", calls.percentile(50));
        assert!(is_about(calls.percentile(99), 99.0), "{:?}", calls.percentile(99));
    }

    #[test]
    fn what_is_old_counts_no_longer() {
        let (tally, begin) = (Tally::default(), Instant::now());
        count(&tally, "timeout", 5_000, begin);
        let later = begin + WINDOW;
        count(&tally, "ok", 10, later);
        let calls = &tally.report(later)[0];
        assert_eq!((calls.ends.len(), calls.seconds), (2, WINDOW.as_secs_f64()));
        let calls = &tally.report(later + WINDOW)[0];
        assert_eq!(calls.ends, BTreeMap::from([("ok".into(), 1)]));
        let calls = &tally.report(later + 4 * WINDOW)[0];
        assert_eq!((calls.ends.len(), calls.percentile(50)), (0, None));
    }

    #[test]
    fn what_did_not_go_out_took_no_time() {
        let (tally, now) = (Tally::default(), Instant::now());
        tally.count(&"shop".into(), &"ask".into(), "open", None, now);
        assert_eq!(tally.report(now)[0].percentile(50), None);
    }
}
