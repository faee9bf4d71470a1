//! Whether and when failed attempts are repeated.

use std::borrow::Cow;

use crate::{CallError, ErrorKind};

/// How failed attempts are repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// How many attempts may follow the first.
    pub times: u32,
    /// The pause before the first repetition, in microseconds; it doubles each time.
    pub first: i64,
    /// The longest pause, in microseconds.
    pub most: i64,
    /// After what.
    pub on: RetryOn,
    /// How many repetitions there are at most, in percent of the first attempts; any number of them when the file does not
    /// say (Beyer and others, *Site Reliability Engineering*, "Handling Overload": retry budget).
    pub share: Option<u32>,
}

/// After what an attempt is repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryOn {
    /// After no answer in time.
    pub timeout: bool,
    /// After a connection that was refused or broke.
    pub refused: bool,
    /// After answers of these statuses, from and to. 410 is meant only where it stands alone.
    pub statuses: Cow<'static, [(u16, u16)]>,
}

impl RetryOn {
    /// What may pass by itself: no answer, no connection, and the statuses that say so (RFC 9110: 408, 5xx; RFC 6585: 429;
    /// RFC 8470: 425).
    pub const USUAL: RetryOn = RetryOn {
        timeout: true,
        refused: true,
        statuses: Cow::Borrowed(&[(408, 408), (425, 425), (429, 429), (500, 599)]),
    };
    /// The same of a mail server: a reply from 400 on is for now and one from 500 on is for good (RFC 5321, section 4.2.1).
    pub const BY_MAIL: RetryOn =
        RetryOn { timeout: true, refused: true, statuses: Cow::Borrowed(&[(400, 499)]) };
    /// After nothing.
    pub const NOTHING: RetryOn = RetryOn { timeout: false, refused: false, statuses: Cow::Borrowed(&[]) };

    /// Whether the same request may succeed a little later. The status of an `auth` error may be that of a server which
    /// gives out tokens and is only down.
    pub fn covers(&self, error: &CallError) -> bool {
        match error.kind {
            ErrorKind::Timeout => self.timeout,
            ErrorKind::Refused => self.refused,
            // It comes with the time for which the partner is left alone, or it is all that there is to say.
            ErrorKind::Open => error.wait.is_some(),
            ErrorKind::Http | ErrorKind::Auth => error.status.is_some_and(|status| self.names(status)),
            ErrorKind::Invalid | ErrorKind::Capped | ErrorKind::Internal => false,
        }
    }

    /// Whether a status is among those that are repeated. Who answers 410 says that the address is gone for good (RFC 9110,
    /// section 15.5.11), and Standard Webhooks has a sender stop at it; so a range that happens to hold it does not mean it.
    fn names(&self, status: u16) -> bool {
        let means =
            |(from, to): &(u16, u16)| (*from..=*to).contains(&status) && (status != GONE || from == to);
        self.statuses.iter().any(means)
    }
}

/// The status that says that something is gone for good.
const GONE: u16 = 410;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_that_are_refused_are_not_tried_again_and_a_token_server_that_is_down_is() {
        let of = |kind, status| CallError { status, ..CallError::new(kind, "") };
        for (kind, status, passing) in [
            (ErrorKind::Auth, None, false),
            (ErrorKind::Auth, Some(401), false),
            (ErrorKind::Auth, Some(400), false),
            (ErrorKind::Auth, Some(429), true),
            (ErrorKind::Auth, Some(503), true),
            (ErrorKind::Http, Some(301), false),
            (ErrorKind::Http, Some(404), false),
            (ErrorKind::Http, Some(408), true),
            (ErrorKind::Http, Some(410), false),
            (ErrorKind::Http, Some(425), true),
            (ErrorKind::Http, Some(429), true),
            (ErrorKind::Http, Some(500), true),
            (ErrorKind::Timeout, None, true),
            (ErrorKind::Invalid, Some(500), false),
        ] {
            assert_eq!(RetryOn::USUAL.covers(&of(kind, status)), passing, "{kind:?} {status:?}");
            assert!(!RetryOn::NOTHING.covers(&of(kind, status)), "{kind:?} {status:?}");
        }
        let on =
            |statuses: &[(u16, u16)]| RetryOn { statuses: Cow::Owned(statuses.to_vec()), ..RetryOn::NOTHING };
        let gone = of(ErrorKind::Http, Some(410));
        assert!(!on(&[(400, 599)]).covers(&gone), "a range does not mean 410");
        assert!(on(&[(400, 599)]).covers(&of(ErrorKind::Http, Some(409))));
        assert!(on(&[(400, 599), (410, 410)]).covers(&gone), "named, it is meant");
        for (kind, status, passing) in [
            (ErrorKind::Http, Some(451), true),
            (ErrorKind::Http, Some(421), true),
            (ErrorKind::Http, Some(550), false),
            (ErrorKind::Auth, Some(454), true),
            (ErrorKind::Auth, Some(535), false),
            (ErrorKind::Timeout, None, true),
        ] {
            assert_eq!(RetryOn::BY_MAIL.covers(&of(kind, status)), passing, "by mail: {kind:?} {status:?}");
        }
    }
}
