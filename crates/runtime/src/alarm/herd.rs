//! Instances that failed at one step within five minutes. Deliberately absent: a clock, and telling anybody.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// How long a failure counts.
const WINDOW: Duration = Duration::from_secs(300);
/// So many are told of.
const MANY: u64 = 20;
/// What fails within so long is counted as one moment, so that memory is bounded.
const STRETCH: Duration = Duration::from_secs(10);

/// The failures at one step.
#[derive(Default)]
pub(super) struct Herd {
    /// When they failed, and how many did about then; the earliest first.
    failed: VecDeque<(Instant, u64)>,
    /// How many failed since it was told last.
    fresh: u64,
    last_told: Option<i64>,
}

impl Herd {
    /// One has failed.
    pub(super) fn failed(&mut self, now: Instant) {
        self.fresh += 1;
        match self.failed.back_mut() {
            Some((at, count)) if now.saturating_duration_since(*at) < STRETCH => *count += 1,
            Some(_) | None => self.failed.push_back((now, 1)),
        }
    }

    /// Forgets what is too long ago; false if nothing is left.
    pub(super) fn goes_on(&mut self, now: Instant) -> bool {
        while self.failed.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) >= WINDOW) {
            self.failed.pop_front();
        }
        !self.failed.is_empty()
    }

    /// How many failed, if that is to be told in this slice of time: they are many, and many of them are new.
    pub(super) fn look(&self, slice: i64) -> Option<u64> {
        let all = self.failed.iter().map(|(_, count)| count).sum();
        (all >= MANY && self.fresh >= MANY && self.last_told != Some(slice)).then_some(all)
    }

    /// It is told.
    pub(super) fn told(&mut self, slice: i64) {
        self.fresh = 0;
        self.last_told = Some(slice);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_in_five_minutes_are_many_and_are_told_once_a_slice() {
        let (mut herd, begin) = (Herd::default(), Instant::now());
        (0..19).for_each(|_| herd.failed(begin));
        assert_eq!(herd.look(1), None);
        herd.failed(begin + Duration::from_secs(60));
        assert_eq!(herd.look(1), Some(20));
        herd.told(1);
        assert_eq!(herd.look(2), None, "none is new");
        (0..20).for_each(|_| herd.failed(begin + Duration::from_secs(70)));
        assert_eq!((herd.look(1), herd.look(2)), (None, Some(40)));
        assert!(herd.goes_on(begin + Duration::from_secs(365)));
        assert_eq!(herd.look(2), Some(20), "the first twenty are too long ago");
        assert!(!herd.goes_on(begin + Duration::from_secs(400)));
    }
}
