//! Where something belongs in a trace that goes through many programs
//! ([W3C Trace Context](https://www.w3.org/TR/trace-context/)): how the ids are chosen, written and read.
//!
//! Deliberately absent: recording. Whoever records a span takes the ids from here, so that what a partner was told and
//! what is recorded are the same.

use std::{fmt, num::NonZeroU64};

use uuid::Uuid;

/// A span of a trace, as a `traceparent` names it.
///
/// The ids of an instance follow from what it is, so they are the same on every node, after a restart and a month later:
/// the trace is the instance's id; the span of an attempt is the number of its call in the upper half and of the attempt
/// in the lower; the root, which is the entry, is call 0 and attempt 1, since calls are numbered from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The trace: an instance, or what somebody else said.
    pub trace: Uuid,
    /// The span in it; never zero, which the standard forbids.
    pub span: NonZeroU64,
    /// Whether the trace is recorded.
    pub sampled: bool,
}

impl Trace {
    /// The entry of an instance.
    pub fn root(instance: Uuid, sampled: bool) -> Trace {
        Trace { trace: instance, span: NonZeroU64::MIN, sampled }
    }

    /// An attempt of a call of an instance; calls and attempts are numbered from 1.
    pub fn of(instance: Uuid, call: u32, attempt: u32, sampled: bool) -> Trace {
        let number = u64::from(call) << 32 | u64::from(attempt);
        Trace { trace: instance, span: NonZeroU64::new(number).unwrap_or(NonZeroU64::MIN), sampled }
    }

    /// What a `traceparent` says; none where the standard has it ignored.
    pub fn read(text: &str) -> Option<Trace> {
        let mut parts = text.trim().split('-');
        let version = hexadecimal(parts.next()?, 2)?;
        let trace = hexadecimal(parts.next()?, 32).filter(|trace| *trace != 0)?;
        let span = u64::try_from(hexadecimal(parts.next()?, 16)?).ok().and_then(NonZeroU64::new)?;
        let flags = hexadecimal(parts.next()?, 2)?;
        // What a later version adds stands behind, and is none of our affair.
        if version == 0xff || (version == 0 && parts.next().is_some()) {
            return None;
        }
        Some(Trace { trace: Uuid::from_u128(trace), span, sampled: flags & 1 == 1 })
    }
}

/// As a `traceparent`.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{:016x}-{:02x}", self.trace.simple(), self.span, u8::from(self.sampled))
    }
}

/// A number of so many hexadecimal digits, small letters only.
fn hexadecimal(text: &str, digits: usize) -> Option<u128> {
    let is_digit = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let fits = text.len() == digits && text.bytes().all(is_digit);
    fits.then(|| u128::from_str_radix(text, 16).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

    #[test]
    fn what_is_written_is_read_and_no_two_spans_of_an_instance_are_one() {
        let instance = Uuid::parse_str(TRACE).unwrap();
        let attempt = Trace::of(instance, 2, 3, true);
        assert_eq!(attempt.to_string(), format!("00-{TRACE}-0000000200000003-01"));
        let root = Trace::root(instance, false);
        assert_eq!(root.to_string(), format!("00-{TRACE}-0000000000000001-00"));
        for trace in [attempt, root] {
            assert_eq!(Trace::read(&trace.to_string()), Some(trace));
        }
        assert_ne!(Trace::of(instance, 1, 1, true).span, root.span);
    }

    #[test]
    fn only_what_the_standard_takes_is_read() {
        let span = "b7ad6b7169203331";
        let later = Trace::read(&format!("cc-{TRACE}-{span}-03-what-comes")).unwrap();
        assert!(later.sampled && format!("{:x}", later.span) == span);
        for wrong in [
            String::new(),
            format!("ff-{TRACE}-{span}-01"),
            format!("00-{TRACE}-{span}-01-more"),
            format!("00-{TRACE}-{span}"),
            format!("00-{}-{span}-01", TRACE.to_uppercase()),
            format!("00-{TRACE}-{span}-0x"),
            format!("00-{}-{span}-01", "0".repeat(32)),
            format!("00-{TRACE}-{}-01", "0".repeat(16)),
            format!("00-{TRACE}0-{span}-01"),
            "00-+af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
        ] {
            assert_eq!(Trace::read(&wrong), None, "{wrong}");
        }
    }
}
