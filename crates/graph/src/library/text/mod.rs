//! Functions on text. Positions count characters (Unicode scalar values), never bytes.

mod all_matches;
mod capitalize;
mod contains;
mod contains_ignoring_case;
mod ends_with;
mod ends_with_ignoring_case;
mod equals_ignoring_case;
mod first_match;
mod fraction;
mod index_of;
mod is_blank;
mod is_empty;
mod last_index_of;
mod length;
mod lower;
mod mask;
mod matches;
mod pad_end;
mod pad_start;
mod parse_date;
mod parse_date_time;
mod repeat;
mod replace;
mod replace_all;
mod reverse;
mod split;
mod starts_with;
mod starts_with_ignoring_case;
mod substring;
mod title;
mod to_bool;
mod to_date;
mod to_date_time;
mod to_decimal;
mod to_duration;
mod to_int;
mod to_time_zone;
mod trim;
mod trim_end;
mod trim_start;
mod truncate;
mod upper;

use std::cell::RefCell;

use regex::{Regex, RegexBuilder};

use super::{Bounded, Call, Fault, Function};
use crate::{Name, Value};

/// The functions, in the order of the manual.
pub(super) static FUNCTIONS: &[Function] = &[
    length::FUNCTION,
    is_empty::FUNCTION,
    is_blank::FUNCTION,
    upper::FUNCTION,
    lower::FUNCTION,
    capitalize::FUNCTION,
    title::FUNCTION,
    trim::FUNCTION,
    trim_start::FUNCTION,
    trim_end::FUNCTION,
    contains::FUNCTION,
    contains_ignoring_case::FUNCTION,
    starts_with::FUNCTION,
    starts_with_ignoring_case::FUNCTION,
    ends_with::FUNCTION,
    ends_with_ignoring_case::FUNCTION,
    equals_ignoring_case::FUNCTION,
    index_of::FUNCTION,
    last_index_of::FUNCTION,
    matches::FUNCTION,
    first_match::FUNCTION,
    all_matches::FUNCTION,
    replace::FUNCTION,
    replace_all::FUNCTION,
    split::FUNCTION,
    substring::FUNCTION,
    truncate::FUNCTION,
    pad_start::FUNCTION,
    pad_end::FUNCTION,
    repeat::FUNCTION,
    reverse::FUNCTION,
    mask::FUNCTION,
    fraction::FUNCTION,
    to_bool::FUNCTION,
    to_int::FUNCTION,
    to_decimal::FUNCTION,
    to_date_time::FUNCTION,
    parse_date_time::FUNCTION,
    to_date::FUNCTION,
    parse_date::FUNCTION,
    to_duration::FUNCTION,
    to_time_zone::FUNCTION,
];

/// The most characters that a function may make of a short text.
const MOST_CHARACTERS: usize = 100_000;

/// How many compiled expressions a thread keeps: journeys have few, and compiling one takes far longer than using it.
const MOST_KEPT: usize = 16;

thread_local! {
    /// The expressions that were used last, by their text.
    static KEPT: RefCell<Vec<(Name, Regex)>> = const { RefCell::new(Vec::new()) };
}

/// The regular expression at argument `index`.
fn pattern(call: &Call<'_>, index: usize) -> Result<Regex, Fault> {
    let text = call.text(index)?;
    KEPT.with_borrow_mut(|kept| {
        if let Some((_, known)) = kept.iter().find(|(known, _)| *known == text) {
            return Ok(known.clone());
        }
        let made = regex(&text)?;
        if kept.len() == MOST_KEPT {
            kept.remove(0);
        }
        kept.push((text, made.clone()));
        Ok(made)
    })
}

/// A regular expression; the limits keep both its size and its time in bounds.
fn regex(text: &str) -> Result<Regex, Fault> {
    let limited = RegexBuilder::new(text).size_limit(1 << 20).dfa_size_limit(1 << 20).build();
    limited.map_err(|_| Fault::new("not a regular expression, or one that is too large"))
}

/// Whether a text is a regular expression.
///
/// # Errors
/// When it is none.
fn is_regex(text: &str) -> Result<(), Fault> {
    regex(text).map(|_| ())
}

/// The text to find every match in. One match takes linear time, but all of them together may take quadratic time: so a
/// text for this may not be as long as others.
fn searched(call: &Call<'_>) -> Result<Name, Fault> {
    let text = call.text(0)?;
    if text.len() > MOST_CHARACTERS {
        return Err(Fault(format!("the text has {} bytes, too many to find every match", text.len())));
    }
    Ok(text)
}

/// The text without the difference between capitals and small letters, letter by letter: `Straße` is `STRASSE`.
fn folded(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// The number of the character at a byte, `null` without one.
fn position(text: &str, byte: Option<usize>) -> Value {
    let before = byte.and_then(|byte| text.get(..byte));
    before.map_or(Value::Null, |before| Value::Int(before.chars().count().try_into().unwrap_or(i64::MAX)))
}

/// Refuses to make a text of more than so many characters.
fn long_enough(characters: usize) -> Result<(), Fault> {
    if characters > MOST_CHARACTERS {
        return Err(Fault(format!(
            "the text would have {characters} characters, the most are {MOST_CHARACTERS}"
        )));
    }
    Ok(())
}

/// What fills the text up to the length at argument 1: the text at argument 2 over and over, or spaces.
fn padding(call: &Call<'_>) -> Result<String, Fault> {
    let length = call.count(1)?;
    long_enough(length)?;
    let missing = length.saturating_sub(call.text(0)?.chars().count());
    match call.value(2) {
        Value::Text(filling) if filling.is_empty() => Err(Fault::new("the filling must have a character")),
        Value::Text(filling) => Ok(filling.chars().cycle().take(missing).collect()),
        _ => Ok(" ".repeat(missing)),
    }
}

/// `text` with what is found in it replaced: `found` gives the places from left to right, each with its new text.
fn replaced(
    text: &str,
    found: impl Iterator<Item = Result<(std::ops::Range<usize>, String), Fault>>,
) -> Result<Value, Fault> {
    let mut made = Bounded::default();
    let mut done = 0;
    for place in found {
        let (place, new) = place?;
        made.push(text.get(done..place.start).unwrap_or_default())?;
        made.push(&new)?;
        done = place.end;
    }
    made.push(text.get(done..).unwrap_or_default())?;
    Ok(made.into())
}
