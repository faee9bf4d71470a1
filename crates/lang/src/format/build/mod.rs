//! Says where lines may end and what belongs together. Pieces in, a layout out.
//!
//! A tolerant reader: it knows brackets, operators, which words begin a step or go on with one, and takes what it does not
//! know for names. It only ever reads files that parse, so its recursion is bounded as the parser's is.

mod brackets;
mod expr;
mod json;
mod run;
mod words;

use std::ops::Range;

use super::{pieces::Piece, print::INDENT};
use crate::syntax::token::Kind;

/// How the inside of a bracket is indented.
const INSIDE: Hang = Hang::Always(INDENT);

/// What may stand before a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Break {
    Tight,
    Space,
    /// A line break if the group is broken, else nothing.
    Soft,
    /// A line break if the group is broken, else a space.
    Line,
    Hard,
}

/// The comma before a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comma {
    None,
    Always,
    /// Only where the line goes on.
    Flat,
    /// Only where it does not.
    Broken,
}

/// What stands before a piece.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gap {
    pub(super) kind: Break,
    pub(super) comma: Comma,
    /// Whether it is the first of what a bracket holds.
    pub(super) first: bool,
    /// Whether it ends its group, and stands as far left as the beginning.
    pub(super) last: bool,
}

/// How far the lines of a broken group are indented, from the line where it begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Hang {
    Always(usize),
    /// Not at all where the group begins a line.
    Behind(usize),
    /// From where the group around it begins: a block, whose head may go over several lines.
    Block(usize),
}

/// Pieces that are broken together or not at all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Group {
    pub(super) from: usize,
    /// The last piece.
    pub(super) to: usize,
    pub(super) hang: Hang,
    /// Whether it holds items, between which blank lines are kept.
    pub(super) airy: bool,
    /// How many brackets are open around it.
    level: usize,
}

/// What the printer needs to know.
pub(super) struct Layout<'a> {
    pub(super) pieces: Vec<Piece<'a>>,
    gaps: Vec<Gap>,
    /// Outer groups before inner ones.
    pub(super) groups: Vec<Group>,
    pub(super) declarations: Vec<Range<usize>>,
}

impl Layout<'_> {
    pub(super) fn gap(&self, index: usize) -> Gap {
        self.gaps.get(index).copied().unwrap_or(USUAL)
    }

    /// Whether a comment stands before a piece, so that it must begin a line.
    pub(super) fn commented(&self, index: usize) -> bool {
        let Some(piece) = self.pieces.get(index).filter(|piece| !piece.gone) else { return false };
        let before = self.pieces.get(..index).unwrap_or_default();
        piece.noted()
            || before.iter().rev().find(|piece| !piece.gone).is_some_and(|piece| piece.remark.is_some())
    }
}

const USUAL: Gap = Gap { kind: Break::Space, comma: Comma::None, first: false, last: false };

/// Lays out a file whose declarations end at these bytes of it.
pub(super) fn build<'a>(pieces: Vec<Piece<'a>>, ends: &[usize]) -> Layout<'a> {
    let count = pieces.len();
    let mut builder = Builder {
        layout: Layout {
            pieces,
            gaps: vec![USUAL; count],
            groups: Vec::with_capacity(count),
            declarations: Vec::with_capacity(ends.len()),
        },
        declared: "",
        level: 0,
        blocks: 0,
    };
    let mut from = 0;
    for end in ends {
        let rest = builder.layout.pieces.get(from..count.saturating_sub(1)).unwrap_or_default();
        let to = from + rest.iter().take_while(|piece| piece.end <= *end).count();
        if to > from {
            builder.set(from, Break::Hard);
            builder.declaration(from, to);
            builder.layout.declarations.push(from..to);
        }
        from = to;
    }
    builder.set(from, Break::Hard);
    builder.layout.groups.sort_unstable_by_key(|group| (group.from, std::cmp::Reverse(group.to)));
    builder.layout
}

struct Builder<'a> {
    layout: Layout<'a>,
    /// The word that the declaration begins with.
    declared: &'a str,
    /// How many brackets are open.
    level: usize,
    /// How many blocks of the declaration were read so far.
    blocks: usize,
}

impl<'a> Builder<'a> {
    fn declaration(&mut self, from: usize, end: usize) {
        self.declared = self.text(from);
        self.blocks = 0;
        self.run(from, end, run::Within::Declaration);
    }

    fn piece(&self, index: usize) -> Option<&Piece<'a>> {
        self.layout.pieces.get(index)
    }

    fn text(&self, index: usize) -> &'a str {
        self.piece(index).map_or("", |piece| piece.text)
    }

    /// The text of the piece before, if there is one.
    fn before(&self, index: usize) -> &'a str {
        index.checked_sub(1).map_or("", |before| self.text(before))
    }

    fn kind(&self, index: usize) -> Kind {
        self.piece(index).map_or(Kind::Symbol, |piece| piece.kind)
    }

    fn word(&self, index: usize) -> bool {
        self.kind(index) == Kind::Word
    }

    fn leads(&self, index: usize) -> bool {
        self.piece(index).is_none_or(|piece| piece.leads)
    }

    /// Whether a piece is this symbol or word, and no text.
    fn is(&self, index: usize, text: &str) -> bool {
        self.text(index) == text
    }

    /// Where the bracket is closed that a piece opens.
    fn close(&self, open: usize) -> usize {
        self.piece(open).and_then(|piece| piece.pair).filter(|close| *close > open).unwrap_or(open)
    }

    /// The piece behind this one, or behind what it opens.
    fn skip(&self, index: usize) -> usize {
        self.close(index) + 1
    }

    fn set(&mut self, index: usize, kind: Break) {
        if let Some(gap) = self.layout.gaps.get_mut(index) {
            gap.kind = kind;
        }
    }

    fn comma(&mut self, index: usize, comma: Comma) {
        if let Some(gap) = self.layout.gaps.get_mut(index) {
            gap.comma = comma;
        }
    }

    fn group(&mut self, from: usize, to: usize, hang: Hang, airy: bool) {
        if to > from {
            self.layout.groups.push(Group { from, to, hang, airy, level: self.level });
        }
    }

    /// Sets what stands at the edges of a bracket, and keeps its inside together.
    fn bracket(&mut self, open: usize, edge: Break, hang: Hang) {
        let close = self.close(open);
        self.set(open + 1, edge);
        self.set(close, edge);
        if let Some(gap) = self.layout.gaps.get_mut(open + 1) {
            gap.first = true;
        }
        if let Some(gap) = self.layout.gaps.get_mut(close) {
            gap.last = true;
        }
        self.group(open, close, hang, true);
    }

    /// Leaves a comma out. Its comments go to its neighbours.
    fn drop_comma(&mut self, index: usize) {
        self.set(index, Break::Tight);
        let Some(comma) = self.layout.pieces.get_mut(index) else { return };
        comma.gone = true;
        let mut notes = std::mem::take(&mut comma.notes);
        let remark = comma.remark.take();
        let before = index.checked_sub(1).and_then(|before| self.layout.pieces.get_mut(before));
        match (before, remark) {
            (Some(before), Some(remark)) if notes.is_empty() && before.remark.is_none() => {
                before.remark = Some(remark);
            }
            (_, Some(text)) => notes.push(super::pieces::Note { text, blank: false }),
            _ => {}
        }
        if let Some(after) = self.layout.pieces.get_mut(index + 1) {
            notes.append(&mut after.notes);
            after.notes = notes;
        }
    }
}
