//! A budget of repetitions: while a partner fails, calls are not made several times as often as before, so that it can
//! recover (Beyer and others, *Site Reliability Engineering*, "Handling Overload").
//!
//! Each node has its own, in memory. Deliberately absent: a clock.

use std::time::{Duration, Instant};

/// Over how long calls are counted.
const WINDOW: Duration = Duration::from_secs(10);
/// How many repetitions there may always be in it, for those who are called rarely.
const ALWAYS: u32 = 100;
/// Into how many parts it is divided: the oldest one is forgotten whole.
const PARTS: usize = 10;

/// What was called lately.
pub(crate) struct Budget {
    percent: u32,
    parts: [Counted; PARTS],
    /// The part that is counted in, and when it began.
    current: usize,
    began: Instant,
    /// When the last of those that wait may be repeated.
    ends: Instant,
}

#[derive(Clone, Copy, Default)]
struct Counted {
    first: u32,
    repeated: u32,
}

impl Budget {
    /// So many repetitions in percent of the first attempts.
    pub(crate) fn new(percent: u32, now: Instant) -> Budget {
        Budget { percent, parts: [Counted::default(); PARTS], current: 0, began: now, ends: now }
    }

    /// A first attempt goes out.
    pub(crate) fn begins(&mut self, now: Instant) {
        self.count(now, |counted| counted.first += 1);
    }

    /// An attempt wants to be repeated; else how long it waits. Those that wait come back one after the other, as fast as
    /// the budget lets them.
    pub(crate) fn repeats(&mut self, now: Instant) -> Result<(), Duration> {
        self.move_on(now);
        let repeated: u32 = self.parts.iter().map(|part| part.repeated).sum();
        let allowed = self.allowed();
        if repeated < allowed {
            self.count(now, |counted| counted.repeated += 1);
            return Ok(());
        }
        self.ends = self.ends.max(now + WINDOW / 10) + WINDOW / allowed;
        Err(self.ends - now)
    }

    fn allowed(&self) -> u32 {
        let first: u64 = self.parts.iter().map(|part| u64::from(part.first)).sum();
        u32::try_from(first * u64::from(self.percent) / 100).unwrap_or(u32::MAX).max(ALWAYS)
    }

    fn count(&mut self, now: Instant, count: impl FnOnce(&mut Counted)) {
        self.move_on(now);
        if let Some(part) = self.parts.get_mut(self.current) {
            count(part);
        }
    }

    /// Forgets what grows too old.
    fn move_on(&mut self, now: Instant) {
        let length = WINDOW / u32::try_from(PARTS).unwrap_or(1);
        if now.saturating_duration_since(self.began) >= WINDOW {
            self.parts = [Counted::default(); PARTS];
            self.began = now;
        }
        while now.saturating_duration_since(self.began) >= length {
            self.began += length;
            self.current = (self.current + 1) % PARTS;
            if let Some(part) = self.parts.get_mut(self.current) {
                *part = Counted::default();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeated(budget: &mut Budget, tries: u32, now: Instant) -> usize {
        (0..tries).filter(|_| budget.repeats(now).is_ok()).count()
    }

    #[test]
    fn repetitions_are_a_share_of_the_first_attempts_of_the_last_ten_seconds() {
        let begin = Instant::now();
        let mut budget = Budget::new(20, begin);
        (0..1_000).for_each(|_| budget.begins(begin));
        assert_eq!(repeated(&mut budget, 1_000, begin), 200);
        let later = begin + Duration::from_secs(5);
        (0..1_000).for_each(|_| budget.begins(later));
        assert_eq!(repeated(&mut budget, 1_000, later), 200, "400 in all");
        let later = begin + Duration::from_secs(11);
        assert_eq!(repeated(&mut budget, 1_000, later), 0, "what was 11 seconds ago counts no longer");
        assert_eq!(repeated(&mut budget, 1_000, begin + Duration::from_secs(60)), 100, "as many as always");
    }

    #[test]
    fn those_that_wait_come_back_one_after_the_other() {
        let begin = Instant::now();
        let mut budget = Budget::new(20, begin);
        assert_eq!(repeated(&mut budget, 100, begin), 100);
        let waits: Vec<_> = (0..3).filter_map(|_| budget.repeats(begin).err()).collect();
        assert_eq!(waits, [1_100, 1_200, 1_300].map(Duration::from_millis));
    }
}
