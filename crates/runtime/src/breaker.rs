//! A circuit breaker: a partner that fails is left alone for a while, then tried by one call (Nygard, *Release It!*).
//!
//! Each node has its own, in memory: what a node has seen of a partner is what it knows. Deliberately absent: a clock.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

/// What has been seen of a partner.
pub(crate) struct Breaker {
    rule: graph::Breaker,
    state: State,
}

enum State {
    /// Calls go out. Whether the last ones failed, oldest first.
    Closed(VecDeque<bool>),
    /// None goes out before this moment.
    Open(Instant),
    /// One is out to try; when that is given up.
    Trying(Instant),
}

/// What is to become of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// It may go out.
    Go,
    /// It may go out, and says whether the partner is well again.
    Try,
    /// Not for so long.
    Wait(Duration),
}

/// How a breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stands {
    /// Calls go out.
    Closed,
    /// One call tries whether the partner is well again.
    Trying,
    /// The partner is left alone.
    Open,
}

impl Breaker {
    /// How it stands.
    pub(crate) fn stands(&self, now: Instant) -> Stands {
        match &self.state {
            State::Closed(_) => Stands::Closed,
            State::Open(until) if now < *until => Stands::Open,
            State::Open(_) | State::Trying(_) => Stands::Trying,
        }
    }

    pub(crate) fn new(rule: graph::Breaker) -> Breaker {
        Breaker { rule, state: State::Closed(VecDeque::new()) }
    }

    /// How long the partner is left alone.
    pub(crate) fn open_for(&self) -> Duration {
        Duration::from_micros(self.rule.open.unsigned_abs())
    }

    /// Whether a call may go out now. Changes nothing.
    pub(crate) fn look(&self, now: Instant) -> Admission {
        match &self.state {
            State::Closed(_) => Admission::Go,
            State::Open(until) | State::Trying(until) if now < *until => Admission::Wait(*until - now),
            State::Open(_) | State::Trying(_) => Admission::Try,
        }
    }

    /// Lets a call out, or not. Of a partner that was left alone long enough one call at a time is let out; if that is
    /// never heard of again, another one is after as long again.
    pub(crate) fn admit(&mut self, now: Instant) -> Admission {
        let admission = self.look(now);
        if admission == Admission::Try {
            self.state = State::Trying(now + self.open_for());
        }
        admission
    }

    /// A call that was let out has ended. True if the breaker opens by it.
    pub(crate) fn ended(&mut self, admission: Admission, failed: bool, now: Instant) -> bool {
        let opens = match (&mut self.state, admission) {
            (_, Admission::Wait(_)) => return false,
            (_, Admission::Try) => failed,
            (State::Closed(last), Admission::Go) => {
                last.push_back(failed);
                let of = self.rule.of as usize;
                if last.len() > of {
                    last.pop_front();
                }
                let failures = last.iter().filter(|failed| **failed).count();
                failed && last.len() >= of && failures * 100 >= of * self.rule.percent as usize
            }
            // It went out before the breaker opened, and says nothing of how the partner is now.
            (State::Open(_) | State::Trying(_), Admission::Go) => return false,
        };
        if opens {
            self.state = State::Open(now + self.open_for());
        } else if admission == Admission::Try {
            self.state = State::Closed(VecDeque::new());
        }
        opens
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: graph::Breaker = graph::Breaker { percent: 50, of: 4, open: 30_000_000 };

    fn after(seconds: u64, begin: Instant) -> Instant {
        begin + Duration::from_secs(seconds)
    }

    fn play(breaker: &mut Breaker, failures: &[bool], now: Instant) -> Vec<bool> {
        failures
            .iter()
            .map(|failed| {
                let admission = breaker.admit(now);
                breaker.ended(admission, *failed, now)
            })
            .collect()
    }

    #[test]
    fn it_opens_when_so_many_of_the_last_calls_have_failed() {
        let (mut breaker, begin) = (Breaker::new(RULE), Instant::now());
        assert_eq!(play(&mut breaker, &[true, false, true], begin), [false; 3], "too few have been seen");
        assert_eq!(play(&mut breaker, &[false], begin), [false], "a success opens nothing");
        assert_eq!(play(&mut breaker, &[false, false, true], begin), [false; 3], "one of four");
        assert_eq!(play(&mut breaker, &[true], begin), [true], "two of four");
        assert_eq!(breaker.admit(begin), Admission::Wait(Duration::from_secs(30)));
    }

    #[test]
    fn one_call_tries_and_decides() {
        let (mut breaker, begin) = (Breaker::new(RULE), Instant::now());
        play(&mut breaker, &[true; 4], begin);
        let then = after(30, begin);
        assert_eq!(breaker.look(then), Admission::Try);
        assert_eq!(breaker.admit(then), Admission::Try);
        assert_eq!(breaker.admit(then), Admission::Wait(Duration::from_secs(30)), "one at a time");
        assert!(breaker.ended(Admission::Try, true, then), "it still fails");
        assert_eq!(breaker.admit(after(59, begin)), Admission::Wait(Duration::from_secs(1)));
        assert_eq!(breaker.admit(after(60, begin)), Admission::Try);
        assert!(!breaker.ended(Admission::Try, false, after(61, begin)));
        assert_eq!(breaker.admit(after(61, begin)), Admission::Go);
        assert_eq!(play(&mut breaker, &[true; 3], after(61, begin)), [false; 3], "the past is forgotten");
    }

    #[test]
    fn a_try_that_is_never_heard_of_again_is_followed_by_another_and_late_ends_say_nothing() {
        let (mut breaker, begin) = (Breaker::new(RULE), Instant::now());
        let early = breaker.admit(begin);
        play(&mut breaker, &[true; 4], begin);
        assert!(!breaker.ended(early, false, after(1, begin)));
        assert_eq!(breaker.look(after(1, begin)), Admission::Wait(Duration::from_secs(29)));
        assert_eq!(breaker.admit(after(30, begin)), Admission::Try);
        assert_eq!(breaker.admit(after(60, begin)), Admission::Try);
    }
}
