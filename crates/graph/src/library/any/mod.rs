//! Functions on values of any type.

mod to_json;
mod to_string;

use super::Function;

/// The functions, in the order of the manual.
pub(super) static FUNCTIONS: &[Function] = &[to_string::FUNCTION, to_json::FUNCTION];
