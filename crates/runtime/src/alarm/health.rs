//! How a connection is, as far as a node sees: the attempts of the last five minutes, and whether it is failing.
//!
//! Deliberately absent: a clock, and telling anybody.

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant},
};

use graph::ErrorKind;

use crate::breaker::Stands;

/// Attempts are counted over so many stretches of so long: five minutes.
const STRETCHES: usize = 10;
const STRETCH: Duration = Duration::from_secs(30);
/// It is failing when half of at least so many attempts failed.
const FEWEST: u64 = 20;
/// Without a breaker it is well again when fewer than a quarter of so many attempts failed since.
const AFTERWARDS: usize = 20;

/// How a connection is.
pub(super) struct Health {
    /// The stretch that goes on comes last.
    stretches: VecDeque<Figures>,
    began: Instant,
    /// Whether the breaker opened since it was looked last.
    opened: bool,
    failing: Option<Failing>,
    /// The last slice of time in which it was told that it fails.
    last_told: Option<i64>,
}

/// A connection that is failing.
struct Failing {
    by_breaker: bool,
    /// The slice of time in which it was told.
    told: Option<i64>,
    /// Whether the last attempts since then failed.
    since: VecDeque<bool>,
}

/// What is to be told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// It is failing.
    Failing(Figures),
    /// It is well again; the slice of time in which it was told that it fails.
    Recovered { told: i64 },
}

/// Attempts, and how they ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) calls: u64,
    pub(super) failed: u64,
    kinds: BTreeMap<&'static str, u64>,
    by_breaker: bool,
}

impl Health {
    pub(super) fn new(now: Instant) -> Health {
        let stretches = VecDeque::from([Figures::default()]);
        Health { stretches, began: now, opened: false, failing: None, last_told: None }
    }

    /// An attempt has ended, well or by an error of this kind.
    pub(super) fn ended(&mut self, trouble: Option<ErrorKind>, now: Instant) {
        self.move_on(now);
        if let Some(figures) = self.stretches.back_mut() {
            figures.calls += 1;
            if let Some(kind) = trouble {
                figures.failed += 1;
                *figures.kinds.entry(kind.word()).or_default() += 1;
            }
        }
        if let Some(failing) = &mut self.failing {
            failing.since.push_back(trouble.is_some());
            if failing.since.len() > AFTERWARDS {
                failing.since.pop_front();
            }
        }
    }

    /// The breaker has opened.
    pub(super) fn opened(&mut self) {
        self.opened = true;
    }

    /// What is to be told in this slice of time. It is said again until [`Health::told`] or [`Health::recovered`].
    pub(super) fn look(&mut self, breaker: Option<Stands>, slice: i64, now: Instant) -> Option<News> {
        self.move_on(now);
        let mut figures = self.figures();
        let opened = std::mem::take(&mut self.opened);
        let Some(failing) = &mut self.failing else {
            if opened || (figures.calls >= FEWEST && figures.failed * 2 >= figures.calls) {
                self.failing = Some(Failing { by_breaker: opened, told: None, since: VecDeque::new() });
                return self.look(breaker, slice, now);
            }
            return None;
        };
        failing.by_breaker |= opened;
        figures.by_breaker = failing.by_breaker;
        let failures = failing.since.iter().filter(|failed| **failed).count();
        let is_over = if failing.by_breaker {
            !opened && breaker == Some(Stands::Closed)
        } else {
            failing.since.len() >= AFTERWARDS && failures * 4 < AFTERWARDS
        };
        match failing.told {
            Some(told) if is_over => Some(News::Recovered { told }),
            Some(_) => None,
            // A breaker that closes again at once has opened all the same.
            None if self.last_told != Some(slice) => Some(News::Failing(figures)),
            None => {
                // It was told in this slice already, of what happened before.
                if is_over {
                    self.recovered(now);
                }
                None
            }
        }
    }

    /// It is told that it fails.
    pub(super) fn told(&mut self, slice: i64) {
        self.last_told = Some(slice);
        if let Some(failing) = &mut self.failing {
            failing.told = Some(slice);
        }
    }

    /// It is well again: what was before counts no more.
    pub(super) fn recovered(&mut self, now: Instant) {
        *self = Health { last_told: self.last_told, ..Health::new(now) };
    }

    fn move_on(&mut self, now: Instant) {
        let gone = now.saturating_duration_since(self.began).as_secs() / STRETCH.as_secs();
        let gone = u32::try_from(gone).unwrap_or(u32::MAX);
        for _ in 0..gone.min(u32::try_from(STRETCHES).unwrap_or(u32::MAX)) {
            self.stretches.push_back(Figures::default());
        }
        while self.stretches.len() > STRETCHES {
            self.stretches.pop_front();
        }
        self.began += STRETCH * gone;
    }

    fn figures(&self) -> Figures {
        let mut sum = Figures::default();
        for stretch in &self.stretches {
            sum.calls += stretch.calls;
            sum.failed += stretch.failed;
            for (kind, count) in &stretch.kinds {
                *sum.kinds.entry(kind).or_default() += count;
            }
        }
        sum
    }
}

impl Figures {
    /// How many of a hundred failed.
    pub(super) fn percent(&self) -> u32 {
        u32::try_from(self.failed * 100 / self.calls.max(1)).unwrap_or(100)
    }

    /// The kind of error that came most often.
    pub(super) fn kind(&self) -> &'static str {
        let most = self.kinds.iter().max_by_key(|(_, count)| **count);
        most.map_or(ErrorKind::Open.word(), |(kind, _)| kind)
    }

    /// Why it counts as failing, for people.
    pub(super) fn reason(&self) -> String {
        let why = if self.by_breaker { "its breaker opened" } else { "half of its calls or more fail" };
        format!("{why}: {} of {} attempts failed in five minutes", self.failed, self.calls)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(health: &mut Health, failed: usize, well: usize, now: Instant) {
        (0..failed).for_each(|_| health.ended(Some(ErrorKind::Http), now));
        (0..well).for_each(|_| health.ended(None, now));
    }

    fn failing(news: Option<News>) -> Option<(u64, u64, String)> {
        match news {
            Some(News::Failing(figures)) => Some((figures.failed, figures.calls, figures.reason())),
            Some(News::Recovered { .. }) | None => None,
        }
    }

    #[test]
    fn half_of_twenty_in_five_minutes_is_failing_and_less_is_not() {
        let begin = Instant::now();
        let mut health = Health::new(begin);
        ended(&mut health, 19, 0, begin);
        assert_eq!(health.look(None, 1, begin), None, "too few");
        ended(&mut health, 0, 20, begin);
        assert_eq!(health.look(None, 1, begin), None, "19 of 39");
        ended(&mut health, 1, 0, begin);
        let (failed, calls, reason) = failing(health.look(None, 1, begin)).unwrap();
        assert_eq!((failed, calls), (20, 40));
        assert!(reason.starts_with("half of its calls"), "{reason}");
        let mut old = Health::new(begin);
        ended(&mut old, 30, 0, begin);
        assert_eq!(old.look(None, 2, begin + Duration::from_secs(301)), None, "too long ago");
    }

    #[test]
    fn it_is_told_once_and_its_end_once() {
        let begin = Instant::now();
        let mut health = Health::new(begin);
        ended(&mut health, 20, 0, begin);
        assert!(failing(health.look(None, 7, begin)).is_some());
        assert!(failing(health.look(None, 7, begin)).is_some(), "until it is told");
        health.told(7);
        ended(&mut health, 30, 0, begin);
        assert_eq!(health.look(None, 8, begin), None, "it goes on failing");
        ended(&mut health, 4, 15, begin);
        assert_eq!(health.look(None, 8, begin), None, "of the last twenty five failed");
        ended(&mut health, 0, 1, begin);
        assert_eq!(health.look(None, 8, begin), Some(News::Recovered { told: 7 }));
        health.recovered(begin);
        assert_eq!(health.look(None, 8, begin), None, "the past is forgotten");
    }

    #[test]
    fn a_breaker_decides_alone_and_what_it_does_again_waits_for_the_next_slice() {
        let begin = Instant::now();
        let mut health = Health::new(begin);
        ended(&mut health, 4, 0, begin);
        health.opened();
        assert!(failing(health.look(Some(Stands::Open), 3, begin)).unwrap().2.starts_with("its breaker"));
        health.told(3);
        assert_eq!(health.look(Some(Stands::Trying), 3, begin), None);
        assert_eq!(health.look(Some(Stands::Closed), 3, begin), Some(News::Recovered { told: 3 }));
        health.recovered(begin);
        health.opened();
        assert_eq!(health.look(Some(Stands::Open), 3, begin), None, "told in this slice already");
        assert!(
            failing(health.look(Some(Stands::Open), 4, begin)).is_some(),
            "and still failing in the next"
        );
        health.told(4);
        assert_eq!(health.look(Some(Stands::Closed), 5, begin), Some(News::Recovered { told: 4 }));
    }
}
