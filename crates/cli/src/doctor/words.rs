//! Numbers as people say them.

use store::{Counted, MOST_COUNTED};

/// A length of time, roughly: `3 hours`.
pub(crate) fn span(seconds: i64) -> String {
    let (count, unit) = match seconds.unsigned_abs() {
        short @ 0..120 => (short, "second"),
        some @ 120..7_200 => (some / 60, "minute"),
        many @ 7_200..172_800 => (many / 3_600, "hour"),
        long => (long / 86_400, "day"),
    };
    plural(count, unit)
}

/// A number of things: `1 event`, `2,000 events`.
pub(crate) fn plural(count: u64, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{} {what}s", number(count)) }
}

/// A number of things that were counted so far and no further.
pub(crate) fn counted(counted: Counted, what: &str) -> String {
    match counted.0 {
        most if most >= MOST_COUNTED => format!("{} {what}s or more", number(most)),
        count => plural(count, what),
    }
}

/// A number, its thousands apart: `12,000`.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A size: `1.5 GiB`.
pub(crate) fn bytes(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] = [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match UNITS.iter().find(|(size, _)| bytes >= *size) {
        Some((size, unit)) => {
            let tenths = u128::from(bytes) * 10 / u128::from(*size);
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        }
        None => format!("{bytes} bytes"),
    }
}

/// The first of many words: `a, b and 3 more`.
pub(crate) fn some(words: &[String]) -> String {
    const MOST: usize = 5;
    let shown = words.iter().take(MOST).cloned().collect::<Vec<_>>().join(", ");
    match words.len().saturating_sub(MOST) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_said_as_people_say_them() {
        assert_eq!(span(1), "1 second");
        assert_eq!(span(-90), "90 seconds");
        assert_eq!(span(3_600), "60 minutes");
        assert_eq!(span(7_200), "2 hours");
        assert_eq!(span(864_000), "10 days");
        assert_eq!(number(0), "0");
        assert_eq!(number(123), "123");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(counted(Counted(1), "instance"), "1 instance");
        assert_eq!(counted(Counted(MOST_COUNTED), "instance"), "1,000 instances or more");
        assert_eq!(bytes(12), "12 bytes");
        assert_eq!(bytes(3 << 29), "1.5 GiB");
        assert_eq!(some(&["a", "b"].map(str::to_owned)), "a, b");
        assert_eq!(some(&["a", "b", "c", "d", "e", "f"].map(str::to_owned)), "a, b, c, d, e and 1 more");
    }
}
