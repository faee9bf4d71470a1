//! What brackets hold: fields, items, blocks.

use super::{Break, Builder, Comma, Hang, INDENT, INSIDE, run::Within};
use crate::syntax::{parser::expr::unit, token::Kind};

/// What stands between braces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Braces {
    Empty,
    Fields,
    Block(Within),
}

impl<'a> Builder<'a> {
    /// What a brace opens.
    pub(super) fn contents(&self, open: usize) -> Braces {
        let (first, close) = (open + 1, self.close(open));
        if first >= close {
            return Braces::Empty;
        }
        if self.field(first) {
            return Braces::Fields;
        }
        if self.is(first, "holdout") || (self.kind(first) == Kind::Number && self.is(first + 1, "%")) {
            return Braces::Block(Within::Ways);
        }
        let mut at = first;
        while at < close {
            if self.is(at, "=>") {
                return Braces::Block(Within::Arms);
            }
            at = self.skip(at);
        }
        Braces::Block(Within::Steps)
    }

    /// Whether a field begins here, or a line of a webhook.
    pub(super) fn field(&self, at: usize) -> bool {
        let told = self.declared == "webhook" && self.is(at + 1, "when");
        self.word(at) && (told || self.is(at + 1, ":"))
    }

    /// Steps, rules, lines, arms: each on a line of its own; a short block may stay on the line that it begins on.
    pub(super) fn block(&mut self, open: usize, held: Within, short: bool) {
        let close = self.close(open);
        let blocks = self.blocks;
        self.level += 1;
        let mut starts = Vec::new();
        let mut at = open + 1;
        while at < close {
            starts.push(at);
            at = self.run(at, close, held);
        }
        let short = short && held == Within::Steps && starts.len() == 1 && self.blocks == blocks;
        let edge = if short { Break::Line } else { Break::Hard };
        starts.into_iter().for_each(|start| self.set(start, edge));
        self.level -= 1;
        self.blocks += 1;
        self.bracket(open, edge, Hang::Block(INDENT));
    }

    /// `{ name: value, … }`: commas on one line, none where each has its own.
    pub(super) fn fields(&mut self, open: usize, most: usize) {
        let close = self.close(open);
        if open + 1 >= close {
            return self.bracket(open, Break::Tight, INSIDE);
        }
        self.level += 1;
        let mut starts = vec![open + 1];
        let mut at = open + 2;
        while at < close {
            if self.field(at) {
                starts.push(at);
            }
            at = self.skip(at);
        }
        // Where the name of the next field would be read as part of a value, the comma has to stay.
        let needed = starts.iter().skip(1).any(|start| self.ambiguous(*start));
        let edge = if starts.len() > most { Break::Hard } else { Break::Line };
        let ends: Vec<usize> = starts.iter().copied().skip(1).chain([close]).collect();
        for (index, (start, end)) in starts.iter().copied().zip(ends).enumerate() {
            let mut last = end;
            if end > start && self.before(end) == "," {
                last = end - 1;
                self.drop_comma(last);
            }
            self.run(start, last, Within::Item);
            self.set(start, edge);
            if index > 0 {
                self.comma(start, if needed { Comma::Always } else { Comma::Flat });
            }
        }
        self.comma(close, if needed { Comma::Broken } else { Comma::None });
        self.level -= 1;
        self.bracket(open, edge, INSIDE);
    }

    /// Whether the name of a field could go on with the value before it: `5` and `m: 1`, `a` and `in: 1`.
    fn ambiguous(&self, start: usize) -> bool {
        let comma = usize::from(self.before(start) == ",");
        let number = start.checked_sub(1 + comma).is_some_and(|last| self.kind(last) == Kind::Number);
        matches!(self.text(start), "and" | "or" | "in" | "then" | "else")
            || (number && unit(self.text(start)).is_some())
    }

    /// `( … )` and `[ … ]`: items with commas, one behind the last where each has its own line.
    pub(super) fn list(&mut self, open: usize) {
        let close = self.close(open);
        self.level += 1;
        let items = self.items(open + 1, close);
        for (index, (start, end)) in items.iter().copied().enumerate() {
            self.run(start, end, Within::Item);
            self.set(start, Break::Line);
            if index > 0 {
                self.comma(start, Comma::Always);
            }
        }
        self.level -= 1;
        let alone = items.len() == 1 && items.first().is_some_and(|(start, end)| self.whole(*start, *end));
        if items.is_empty() {
            return self.bracket(open, Break::Tight, INSIDE);
        }
        if alone && !self.commented(open, close) {
            self.set(open + 1, Break::Tight);
            return self.set(close, Break::Tight);
        }
        let table = self.declared == "test" && self.before(open) == "in" && items.len() > 1;
        let table = table && self.is(open + 1, "{") && self.blocks == 0;
        if items.len() > 1 {
            self.comma(close, Comma::Broken);
        }
        if table {
            items.iter().for_each(|(start, _)| self.set(*start, Break::Hard));
        }
        self.bracket(open, if table { Break::Hard } else { Break::Soft }, INSIDE);
    }

    /// Whether what stands here has brackets of its own, or is a text.
    fn whole(&self, start: usize, end: usize) -> bool {
        let text = self.kind(start) == Kind::Text;
        (text || self.is(start, "{") || self.is(start, "[")) && self.skip(start) == end
    }

    /// Whether a comment stands right behind the opening bracket or before the closing one.
    fn commented(&self, open: usize, close: usize) -> bool {
        self.layout.commented(open + 1) || self.layout.commented(close)
    }

    /// The items of a list. Commas between them are left out here; they come with the layout.
    fn items(&mut self, from: usize, close: usize) -> Vec<(usize, usize)> {
        let mut items = Vec::new();
        let (mut start, mut at) = (from, from);
        while at < close {
            let comma = self.is(at, ",");
            let texts = self.kind(at) == Kind::Text && at > start && self.kind(at - 1) == Kind::Text;
            if comma || (at > start && (texts || self.field(at))) {
                if at > start {
                    items.push((start, at));
                }
                start = at;
                if comma {
                    self.drop_comma(at);
                    start = at + 1;
                }
            }
            at = self.skip(at);
        }
        if close > start {
            items.push((start, close));
        }
        items
    }
}
