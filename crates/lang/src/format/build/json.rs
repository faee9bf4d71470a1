//! JSON bodies, with holes and tags. Where white space would come between the parts of one value, nothing changes.

use super::{Break, Builder, INSIDE, run::Within};
use crate::syntax::token::Kind;

/// How deep a body is nested that is laid out over several lines.
const MOST: usize = 64;

/// A part of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// A bracket, a comma, a colon.
    Mark,
    Text,
    /// A piece of a number or a word, or a hole: it could go on with what it touches.
    Value,
    Begin,
    Loop,
    Middle,
    /// `else`
    Last,
    End,
}

impl Part {
    fn tag(self) -> bool {
        matches!(self, Part::Begin | Part::Loop | Part::Middle | Part::Last | Part::End)
    }
}

/// A part and its first piece.
#[derive(Clone, Copy, Debug)]
struct Item {
    part: Part,
    from: usize,
}

impl Item {
    /// Whether it is one of these brackets, commas and colons.
    fn mark(&self, marks: &[&str], builder: &Builder<'_>) -> bool {
        self.part == Part::Mark && marks.contains(&builder.text(self.from))
    }
}

impl<'a> Builder<'a> {
    /// The body that a bracket opens.
    pub(super) fn json(&mut self, open: usize) {
        let items = self.parts(open);
        let (behind, ahead) = (values(&items, false), values(&items, true));
        let mut tags: Vec<usize> = Vec::new();
        let mut depth = 0_usize;
        for (index, item) in items.iter().enumerate() {
            let (opens, closes) = (item.mark(&["{", "["], self), item.mark(&["}", "]"], self));
            if let Some(before) = index.checked_sub(1).and_then(|before| items.get(before)) {
                let joined = behind.get(index) == Some(&true) && ahead.get(index) == Some(&true);
                let touches = self.piece(item.from).is_some_and(|piece| piece.touches);
                let gap = match self.between(before, item) {
                    _ if joined => {
                        if touches {
                            Break::Tight
                        } else {
                            Break::Space
                        }
                    }
                    // Nobody writes what is nested so deeply; indented, it would grow without bounds.
                    Break::Soft if depth > MOST => Break::Tight,
                    Break::Line if depth > MOST => Break::Space,
                    gap => gap,
                };
                self.set(item.from, gap);
            }
            depth = (depth + usize::from(opens)).saturating_sub(usize::from(closes));
            match item.part {
                // What stands at its edges is set with the parts there.
                Part::Mark if opens && depth <= MOST => self.bracket(item.from, Break::Tight, INSIDE),
                Part::Begin | Part::Loop => tags.push(item.from),
                Part::Middle | Part::Last | Part::End => {
                    if let Some(gap) = self.layout.gaps.get_mut(item.from) {
                        gap.last = true;
                    }
                    if let Some(from) = tags.pop_if(|_| item.part == Part::End) {
                        self.group(from, item.from, INSIDE, true);
                    }
                }
                _ => {}
            }
        }
    }

    /// What stands between two parts that are not parts of one value.
    fn between(&self, before: &Item, item: &Item) -> Break {
        let leads = before.part.tag() && before.part != Part::End;
        let ends = item.part.tag() && !matches!(item.part, Part::Begin | Part::Loop);
        let opened = before.mark(&["{", "["], self);
        let begins = item.part.tag() && !opened && !before.mark(&[","], self);
        if opened && item.mark(&["}", "]"], self) || !leads && item.mark(&[",", ":"], self) {
            Break::Tight
        } else if before.mark(&[":"], self) {
            Break::Space
        } else if leads || ends || begins || before.mark(&["["], self) || item.mark(&["]"], self) {
            Break::Soft
        } else {
            Break::Line
        }
    }

    /// Takes a body apart, and lays out what stands in its holes and tags.
    fn parts(&mut self, open: usize) -> Vec<Item> {
        let mut items = Vec::new();
        let close = self.close(open);
        let mut at = open;
        while at <= close {
            let touches = self.piece(at + 1).is_some_and(|piece| piece.touches);
            let hole = self.is(at, "{") && touches && self.is(at + 1, "{");
            let tag = self.is(at, "{") && touches && self.is(at + 1, "%");
            let to = if hole || tag { self.close(at) } else { at };
            let part = if hole {
                self.hole(at);
                Part::Value
            } else if tag {
                self.tag(at)
            } else {
                match (self.kind(at), self.text(at)) {
                    (Kind::Text, _) => Part::Text,
                    (Kind::Symbol, "{" | "}" | "[" | "]" | "," | ":") => Part::Mark,
                    _ => Part::Value,
                }
            };
            items.push(Item { part, from: at });
            at = to + 1;
        }
        items
    }

    /// `{{ value }}`
    fn hole(&mut self, open: usize) {
        let (end, close) = (self.close(open + 1), self.close(open));
        self.run(open + 2, end, Within::Item);
        for (index, gap) in
            [(open + 1, Break::Tight), (open + 2, Break::Space), (end, Break::Space), (close, Break::Tight)]
        {
            self.set(index, gap);
        }
    }

    /// `{% if condition %}`
    fn tag(&mut self, open: usize) -> Part {
        let close = self.close(open);
        let (word, end) = (open + 2, close.saturating_sub(1));
        if word + 1 < end {
            self.run(word + 1, end, Within::Item);
        }
        for (index, gap) in
            [(open + 1, Break::Tight), (word, Break::Space), (end, Break::Space), (close, Break::Tight)]
        {
            self.set(index, gap);
        }
        match self.text(word) {
            "if" => Part::Begin,
            "for" => Part::Loop,
            "elif" => Part::Middle,
            "else" => Part::Last,
            _ => Part::End,
        }
    }
}

/// A block of tags that is being read.
struct Frame {
    begin: usize,
    entry: bool,
    exits: bool,
    /// Whether one of its branches is always taken.
    whole: bool,
}

/// For each part, whether a value could end right before it, whichever way the tags go; read backwards, whether one could
/// begin there.
fn values(items: &[Item], backwards: bool) -> Vec<bool> {
    let mut found = vec![false; items.len()];
    // What a loop ends with is what its next round begins with: it is known the second time.
    let mut rounds = vec![false; items.len()];
    for _ in 0..2 {
        let mut open: Vec<Frame> = Vec::new();
        let mut value = false;
        for step in 0..items.len() {
            let index = if backwards { items.len() - 1 - step } else { step };
            let Some(item) = items.get(index) else { continue };
            if !backwards && let Some(slot) = found.get_mut(index) {
                *slot = value;
            }
            let (opens, closes) = match item.part {
                Part::Begin | Part::Loop => (!backwards, backwards),
                Part::End => (backwards, !backwards),
                _ => (false, false),
            };
            if opens {
                let again = rounds.get(index).copied().unwrap_or_default();
                open.push(Frame { begin: index, entry: value, exits: false, whole: false });
                value = value || again;
            } else if closes {
                if let Some(frame) = open.pop() {
                    if let Some(slot) = rounds.get_mut(frame.begin) {
                        let looped = item.part == Part::Loop
                            || items.get(frame.begin).is_some_and(|begin| begin.part == Part::Loop);
                        *slot = value && looped;
                    }
                    value = value || frame.exits || (!frame.whole && frame.entry);
                }
            } else {
                match (item.part, open.last_mut()) {
                    (Part::Middle | Part::Last, Some(frame)) => {
                        frame.exits |= value;
                        frame.whole |= item.part == Part::Last;
                        value = frame.entry;
                    }
                    (part, _) => value = part == Part::Value,
                }
            }
            if backwards && let Some(slot) = found.get_mut(index) {
                *slot = value;
            }
        }
    }
    found
}
