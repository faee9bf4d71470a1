//! The slices of a cap's window, as both databases count calls in them.

use std::time::Duration;

/// Into how many slices the window of a cap is divided. A window that begins within a slice touches one more: all of them are
/// counted, so that the cap holds exactly, and up to a sixtieth of it is left unused.
pub(crate) const SLICES: i64 = 60;

/// What a cap allows, and what of it is asked for.
pub(crate) struct Share {
    /// How long a slice is, in microseconds.
    pub(crate) slice: i64,
    /// How many calls may begin in the whole window.
    pub(crate) most: i64,
    /// How many are to begin now.
    pub(crate) wanted: i64,
}

/// Calls that may begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Granted {
    /// How many.
    pub calls: u32,
    /// Within which time.
    pub within: Duration,
}

impl Share {
    pub(crate) fn of(most: u32, window: Duration, wanted: u32) -> Share {
        let window = i64::try_from(window.as_micros()).unwrap_or(i64::MAX);
        Share { slice: (window / SLICES).max(1), most: i64::from(most), wanted: i64::from(wanted) }
    }
}

impl Granted {
    /// What the database says, in microseconds; none when the cap is reached.
    pub(crate) fn from_row(row: Option<(i64, i64)>) -> Granted {
        let (calls, within) = row.unwrap_or_default();
        Granted {
            calls: u32::try_from(calls).unwrap_or_default(),
            within: Duration::from_micros(u64::try_from(within).unwrap_or_default()),
        }
    }
}

/// The statement that counts calls: `now` is the database's clock in microseconds, `least` its smaller of two, `$1` the
/// connection, `$2` to `$4` a [`Share`]. Gives how many were granted and how long their slice still lasts, or no row. A
/// slice that lies far ahead was counted before the clock was set back, or under another window.
macro_rules! claim_share {
    ($now:literal, $least:literal) => {
        concat!(
            "INSERT INTO caps AS c (connection, slice, used, granted) \
             SELECT $1, free.slice, free.calls, free.calls FROM ( \
               SELECT this.slice, ",
            $least,
            "($4, $3 - (SELECT CAST(coalesce(sum(used), 0) AS bigint) FROM caps \
                 WHERE connection = $1 AND slice BETWEEN this.slice - 60 AND this.slice + 60)) AS calls \
               FROM (SELECT ",
            $now,
            " / $2 AS slice) AS this) AS free \
             WHERE free.calls > 0 \
             ON CONFLICT (connection, slice) DO UPDATE SET used = c.used + excluded.used, granted = excluded.granted \
             RETURNING granted, (slice + 1) * $2 - ",
            $now
        )
    };
}
pub(crate) use claim_share;

/// The statement that forgets slices which count no longer; the parameters are those of [`claim_share`].
macro_rules! forget_slices {
    ($now:literal) => {
        concat!(
            "DELETE FROM caps WHERE connection = $1 AND slice NOT BETWEEN ",
            $now,
            " / $2 - 60 AND ",
            $now,
            " / $2 + 60"
        )
    };
}
pub(crate) use forget_slices;
