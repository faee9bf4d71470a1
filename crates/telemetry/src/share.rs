//! Which traces are recorded: a share of them, decided by the id alone, so that every node decides alike at any time.
//!
//! The rule is OpenTelemetry's for [consistent probability sampling](https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/):
//! the last 56 bits of the trace's id against a threshold. Those of an instance are a hash of person, event and journey.

use uuid::Uuid;

/// How many numbers 56 bits hold.
const ALL: u64 = 1 << 56;

/// A share of all traces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    /// The least number that is recorded.
    least: u64,
}

impl Share {
    /// The share from 0 (none) to 1 (all); what is outside counts as the nearer of these.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a number from 0 to 2^56, and a share needs no more digits than a float has"
    )]
    pub(crate) fn of(share: f64) -> Share {
        Share { least: ((1.0 - share.clamp(0.0, 1.0)) * ALL as f64) as u64 }
    }

    /// Whether a trace is among them.
    pub(crate) fn holds(self, trace: Uuid) -> bool {
        let (_, low) = trace.as_u64_pair();
        low % ALL >= self.least
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_that_share_of_the_instances_and_whoever_is_in_a_smaller_one_is_in_the_larger() {
        let at = "2026-01-01T00:00:00Z".parse().unwrap();
        let instance = |n: usize| store::instance_id(at, 7, &format!("person-{n}"), "event", "journey");
        let all: Vec<Uuid> = (0..10_000).map(instance).collect();
        let among = |share: f64| all.iter().filter(|id| Share::of(share).holds(**id)).count();
        assert_eq!((among(0.0), among(1.0)), (0, 10_000));
        for (share, about) in [(0.01, 100), (0.25, 2_500), (0.5, 5_000), (0.9, 9_000)] {
            let found = among(share);
            assert!(found.abs_diff(about) < 200, "{share}: {found}");
        }
        let (small, large) = (Share::of(0.1), Share::of(0.4));
        assert!(all.iter().all(|id| !small.holds(*id) || large.holds(*id)));
    }
}
