//! The slots of throttled connections, as both databases count them.

use std::time::Duration;

/// What a claim is made of, in microseconds.
pub(crate) struct Claim {
    /// How long all of the slots are.
    pub(crate) length: i64,
    /// How far ahead slots can have been claimed. Beyond that the clock was set back: nobody waits for hours that are not
    /// to come.
    pub(crate) farthest: i64,
}

/// No more nodes than this claim at a time; there are never more shards that they could hold.
const NODES: i64 = 100;

impl Claim {
    pub(crate) fn of(slots: u32, apart: Duration) -> Claim {
        let apart = i64::try_from(apart.as_micros()).unwrap_or(i64::MAX / 1_000);
        let length = apart.saturating_mul(i64::from(slots));
        Claim { length, farthest: length.max(apart).max(1_000_000).saturating_mul(NODES) }
    }
}

/// The statement that claims slots: `now` is the database's clock in microseconds, `$1` the connection, `$2` and `$3` a
/// [`Claim`]. Gives how long it is until the first slot.
macro_rules! claim {
    ($now:literal) => {
        concat!(
            "INSERT INTO throttles AS t (connection, free_at) VALUES ($1, ",
            $now,
            " + $2) \
             ON CONFLICT (connection) DO UPDATE SET free_at = $2 + CASE WHEN t.free_at < ",
            $now,
            " OR t.free_at > ",
            $now,
            " + $3 THEN ",
            $now,
            " ELSE t.free_at END \
             RETURNING free_at - $2 - ",
            $now
        )
    };
}
pub(crate) use claim;

/// How long it is, as the database says it.
pub(crate) fn until(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or_default())
}
