//! Functions on text. Positions count characters (Unicode scalar values), never bytes.

mod capitalize;
mod contains;
mod ends_with;
mod is_empty;
mod length;
mod lower;
mod matches;
mod replace;
mod split;
mod starts_with;
mod substring;
mod to_date;
mod to_date_time;
mod to_decimal;
mod to_int;
mod trim;
mod truncate;
mod upper;

use super::Function;

/// The functions, in the order of the manual.
pub(super) static FUNCTIONS: &[Function] = &[
    length::FUNCTION,
    is_empty::FUNCTION,
    upper::FUNCTION,
    lower::FUNCTION,
    capitalize::FUNCTION,
    trim::FUNCTION,
    contains::FUNCTION,
    starts_with::FUNCTION,
    ends_with::FUNCTION,
    replace::FUNCTION,
    split::FUNCTION,
    substring::FUNCTION,
    truncate::FUNCTION,
    matches::FUNCTION,
    to_int::FUNCTION,
    to_decimal::FUNCTION,
    to_date_time::FUNCTION,
    to_date::FUNCTION,
];
