//! The function `replaceAll` of a text.

use super::{is_regex, pattern, replaced, searched};
use crate::{
    Value,
    library::{Call, Fault, Function, MOST_BYTES, Param, Shape, too_large},
};

pub(super) const FUNCTION: Function = Function {
    name: "replaceAll",
    method: true,
    params: &[
        Param::needed("text", Shape::Text),
        Param::spelled("pattern", is_regex),
        Param::needed("new", Shape::Text),
    ],
    result: Shape::Text,
    doc: "The text with every match of the regular expression replaced by `new`, in which `$1` is what the first group matched and `$$` a dollar; of a text of at most 100,000 bytes.",
    examples: &[
        (r#""+49 151-23".replaceAll("[^0-9+]", "")"#, r#""+4915123""#),
        (r#""Ada King".replaceAll("(\\w+) (\\w+)", "$2, $1")"#, r#""King, Ada""#),
        (r#""abc".replaceAll("x", "y")"#, r#""abc""#),
    ],
    apply,
};

fn apply(call: &mut Call<'_>) -> Result<Value, Fault> {
    let (text, pattern, new) = (searched(call)?, pattern(call, 1)?, call.text(2)?);
    // How often a match can be repeated in its replacement: looked at before, since it may be too much to make.
    let repeated = new.matches('$').count();
    // Groups that matched nothing leave no trace in the text, so what is read of `new` is counted apart.
    let mut read = 0;
    let found = pattern.captures_iter(&text).filter_map(|groups| {
        let whole = groups.get(0)?;
        let mut made = String::new();
        read += new.len();
        if read > MOST_READ || whole.len().saturating_mul(repeated) > MOST_BYTES {
            return Some(Err(too_large()));
        }
        groups.expand(&new, &mut made);
        Some(Ok((whole.range(), made)))
    });
    replaced(&text, found)
}

/// The most bytes of replacements that are read.
const MOST_READ: usize = 8 << 20;
