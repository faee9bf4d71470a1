//! From text to a tree: lexer, templates, parser. Nothing here knows what a name means.

pub(crate) mod ast;
pub(crate) mod foreign;
pub(crate) mod lexemes;
pub(crate) mod lexer;
pub(crate) mod parser;
pub(crate) mod template;
pub(crate) mod token;
pub(crate) mod visit;

use graph::Span;

/// A place in one of the sources.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct At {
    pub(crate) file: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl At {
    pub(crate) fn span(self) -> Span {
        Span { start: self.start as usize, end: self.end as usize }
    }

    /// From the start of this to the end of the other.
    pub(crate) fn to(self, other: At) -> At {
        At { end: other.end.max(self.start), ..self }
    }

    pub(crate) fn start_only(self) -> At {
        At { end: self.start, ..self }
    }

    pub(crate) fn end_only(self) -> At {
        At { start: self.end, ..self }
    }
}
