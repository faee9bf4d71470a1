//! How hard a partner may be pressed.

use crate::Rate;

/// How hard a partner may be pressed, as the file says it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pressure {
    /// How many calls run beside each other, on each node; [`Pressure::AT_ONCE`] when the file does not say.
    pub at_once: Option<u32>,
    /// How many calls may begin in which time, over all nodes; the others wait their turn.
    pub throttle: Option<Rate>,
    /// How many calls may begin in any stretch of which length, over all nodes; the others are refused.
    pub cap: Option<Rate>,
    /// When it is left alone for a while.
    pub breaker: Option<Breaker>,
}

impl Pressure {
    /// How many calls run beside each other on each node when the file does not say.
    pub const AT_ONCE: u32 = 256;
}

/// When a partner that fails is left alone (Nygard, *Release It!*, "Circuit Breaker").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breaker {
    /// So many percent of the last calls must have failed.
    pub percent: u32,
    /// How many calls the last ones are.
    pub of: u32,
    /// For how long it is left alone before one call tries it, in microseconds.
    pub open: i64,
}
