//! Tokens and the comments beside them.

use super::At;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A name or a keyword: keywords are words that stand where the grammar wants them.
    Word,
    /// Digits, perhaps with a point.
    Number,
    /// A quoted text, quotes included.
    Text,
    /// Anything else that the language knows.
    Symbol,
}

/// A token of a source.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Token<'a> {
    pub(crate) kind: Kind,
    pub(crate) text: &'a str,
    pub(crate) at: At,
    /// Whether it is the first on its line.
    pub(crate) leads: bool,
    /// Whether it stands in the first column.
    pub(crate) outermost: bool,
    /// How many comments stand before it in the source.
    pub(crate) comments: usize,
}

impl Token<'_> {
    /// What stands between the quotes of a text. Quotes of other languages come by here too, reported already.
    pub(crate) fn inner(&self) -> At {
        let quote = |c: &char| !c.is_alphanumeric();
        let width = |c: Option<char>| c.filter(quote).map_or(0, |c| u32::try_from(c.len_utf8()).unwrap_or(0));
        let start = self.at.start + width(self.text.chars().next());
        let straight = self.text.starts_with('"');
        let last = self.text.chars().skip(1).last().filter(|last| !straight || *last == '"');
        At { start, end: self.at.end.saturating_sub(width(last)).max(start), ..self.at }
    }
}

/// A comment; `///` documents what follows it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Comment<'a> {
    pub(crate) text: &'a str,
    pub(crate) at: At,
    pub(crate) leads: bool,
}

impl Comment<'_> {
    pub(crate) fn is_doc(&self) -> bool {
        self.leads && self.text.starts_with("///") && !self.text.starts_with("////")
    }
}
