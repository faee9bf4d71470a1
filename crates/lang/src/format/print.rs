//! From a layout to text: the outermost groups that do not fit are broken, and nothing else is.

use super::build::{Break, Comma, Group, Hang, Layout};

/// The columns of a line.
const WIDTH: usize = 110;

/// Spaces for each level.
pub(super) const INDENT: usize = 2;

/// Writes a file, declaration by declaration.
pub(super) fn file(layout: Layout<'_>) -> String {
    let measure = Measure::of(&layout);
    let mut out = String::new();
    let mut groups = layout.groups.as_slice();
    let mut alone = false;
    for range in &layout.declarations {
        let Some(first) = layout.pieces.get(range.start) else { continue };
        let own = groups.iter().take_while(|group| group.from < range.end).count();
        let (mine, rest) = groups.split_at_checked(own).unwrap_or((groups, &[]));
        groups = rest;
        let mut printer = Printer::new(&layout, &measure, mine);
        printer.range(range.start, range.end);
        // Declarations of one line each may stand together, if the author put them so.
        let line = !printer.out.contains('\n');
        let together = line && alone && !first.noted() && !first.blank;
        if !out.is_empty() {
            out.push_str(if together { "\n" } else { "\n\n" });
        }
        alone = line;
        notes(&first.notes, 0, true, &mut out);
        if first.noted() && first.blank {
            out.push('\n');
        }
        out.push_str(&printer.out);
    }
    if let Some(end) = layout.pieces.last().filter(|end| end.noted()) {
        if !out.is_empty() {
            out.push('\n');
        }
        notes(&end.notes, 0, out.is_empty(), &mut out);
        return out;
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// Writes comments, a line each; `first` says that nothing stands before them.
fn notes(notes: &[super::pieces::Note<'_>], indent: usize, first: bool, out: &mut String) {
    for (index, note) in notes.iter().enumerate() {
        if note.blank && !(first && index == 0) {
            out.push('\n');
        }
        spaces(indent, out);
        out.push_str(note.text);
        out.push('\n');
    }
}

fn spaces(count: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', count));
}

/// How wide everything is when nothing is broken, so that each group is measured in one step.
struct Measure {
    /// Where each piece begins on an endless line.
    starts: Vec<usize>,
    /// Where each piece ends on it, its comma included.
    ends: Vec<usize>,
    /// The first piece from this one on that may begin a line.
    next: Vec<usize>,
    /// How many pieces up to this one must begin a line.
    forced: Vec<usize>,
}

impl Measure {
    fn of(layout: &Layout<'_>) -> Measure {
        let count = layout.pieces.len();
        let mut measure = Measure {
            starts: Vec::with_capacity(count),
            ends: Vec::with_capacity(count),
            next: vec![count; count + 1],
            forced: Vec::with_capacity(count + 1),
        };
        let (mut at, mut forced) = (0, 0);
        for index in 0..count {
            let gap = layout.gap(index);
            if matches!(gap.comma, Comma::Always | Comma::Flat) {
                at += 1;
                if let Some(end) = measure.ends.last_mut() {
                    *end = at;
                }
            }
            at += usize::from(matches!(gap.kind, Break::Space | Break::Line));
            measure.starts.push(at);
            at += layout.pieces.get(index).filter(|piece| !piece.gone).map_or(0, |piece| {
                if piece.text.is_ascii() { piece.text.len() } else { piece.text.chars().count() }
            });
            measure.ends.push(at);
            forced += usize::from(gap.kind == Break::Hard || layout.commented(index));
            measure.forced.push(forced);
        }
        let mut next = count;
        for index in (0..count).rev() {
            if matches!(layout.gap(index).kind, Break::Soft | Break::Line | Break::Hard)
                || layout.commented(index)
            {
                next = index;
            }
            if let Some(slot) = measure.next.get_mut(index) {
                *slot = next;
            }
        }
        measure
    }

    /// Whether a group fits from this column on, with what follows it up to where the line may end.
    fn fits(&self, group: &Group, column: usize) -> bool {
        let forced = |index: usize| self.forced.get(index).copied().unwrap_or_default();
        if forced(group.to) > forced(group.from) {
            return false;
        }
        let last = self.next.get(group.to + 1).map_or(0, |next| next.saturating_sub(1));
        let end = self.ends.get(last).copied().unwrap_or_default();
        column + end.saturating_sub(self.starts.get(group.from).copied().unwrap_or_default()) <= WIDTH
    }
}

/// A group that is being written.
#[derive(Clone, Copy)]
struct Open {
    to: usize,
    broken: bool,
    /// How far its lines are indented.
    indent: usize,
    /// How far the one is that ends it.
    outdent: usize,
    /// Whether blank lines between its lines are kept.
    airy: bool,
}

struct Printer<'l, 'a> {
    layout: &'l Layout<'a>,
    measure: &'l Measure,
    /// The groups that are still to come, outer ones first.
    groups: &'l [Group],
    open: Vec<Open>,
    out: String,
    column: usize,
    /// The indentation of the line that is being written.
    indent: usize,
    /// Whether nothing stands on it yet.
    fresh: bool,
    /// Whether nothing but closing brackets does.
    closing: bool,
}

impl<'l, 'a> Printer<'l, 'a> {
    fn new(layout: &'l Layout<'a>, measure: &'l Measure, groups: &'l [Group]) -> Self {
        let out = String::new();
        Printer {
            layout,
            measure,
            groups,
            open: Vec::new(),
            out,
            column: 0,
            indent: 0,
            fresh: true,
            closing: true,
        }
    }

    fn range(&mut self, from: usize, end: usize) {
        for index in from..end {
            if index > from {
                self.gap(index);
            }
            self.begin(index);
            let Some(piece) = self.layout.pieces.get(index).filter(|piece| !piece.gone) else { continue };
            self.write(piece.text);
        }
        self.remark(end);
    }

    fn write(&mut self, text: &str) {
        self.out.push_str(text);
        self.column += if text.is_ascii() { text.len() } else { text.chars().count() };
        self.fresh = self.fresh && text.is_empty();
        self.closing = self.closing && matches!(text, "" | "}" | ")" | "]");
    }

    /// Opens the groups that begin with a piece.
    fn begin(&mut self, index: usize) {
        while let Some((group, rest)) = self.groups.split_first().filter(|(group, _)| group.from <= index) {
            self.groups = rest;
            let free = self.open.last().is_none_or(|outer| outer.broken);
            let around = self.open.last().map_or(self.indent, |outer| outer.outdent);
            let (base, hang) = match group.hang {
                Hang::Block(hang) => (around, hang),
                Hang::Behind(_) if self.fresh => (self.indent, 0),
                Hang::Always(hang) | Hang::Behind(hang) => (self.indent, hang),
            };
            // A block is on one line with all that leads to it, or else on lines of its own.
            let block = matches!(group.hang, Hang::Block(_));
            self.open.push(Open {
                to: group.to,
                broken: free && (block || !self.measure.fits(group, self.column)),
                indent: base + hang,
                outdent: base,
                airy: group.airy,
            });
        }
    }

    /// What stands before a piece.
    fn gap(&mut self, index: usize) {
        while self.open.last().is_some_and(|open| open.to < index) {
            self.open.pop();
        }
        let gap = self.layout.gap(index);
        let open = self.open.last().copied();
        let breaks = match gap.kind {
            Break::Hard => true,
            // What follows a bracket that was broken goes on behind it.
            Break::Line if self.closing && !self.fresh && open.is_some_and(|open| !open.airy) => false,
            Break::Line | Break::Soft => open.is_none_or(|open| open.broken),
            Break::Space | Break::Tight => false,
        } || self.layout.commented(index);
        let comma = match gap.comma {
            Comma::None => false,
            Comma::Always => true,
            Comma::Flat => !breaks,
            Comma::Broken => breaks,
        };
        if comma {
            self.write(",");
        }
        if !breaks {
            if matches!(gap.kind, Break::Space | Break::Line) && !self.fresh {
                self.write(" ");
            }
            return;
        }
        let open = open.unwrap_or(Open { to: 0, broken: true, indent: INDENT, outdent: 0, airy: false });
        self.remark(index);
        self.out.push('\n');
        let Some(piece) = self.layout.pieces.get(index) else { return };
        // Blank lines part items; none stands at the edges of a bracket.
        let edge = |blank: bool| blank && open.airy && !gap.first;
        if piece.notes.first().is_some_and(|note| edge(note.blank)) {
            self.out.push('\n');
        }
        notes(&piece.notes, open.indent, true, &mut self.out);
        if !gap.last && if piece.noted() { piece.blank } else { edge(piece.blank) } {
            self.out.push('\n');
        }
        self.indent = if gap.last { open.outdent } else { open.indent };
        spaces(self.indent, &mut self.out);
        self.column = self.indent;
        self.fresh = true;
        self.closing = true;
    }

    /// Writes the comment behind the last piece before `index` that there is.
    fn remark(&mut self, index: usize) {
        let before = self.layout.pieces.get(..index).unwrap_or_default();
        if let Some(remark) = before.iter().rev().find(|piece| !piece.gone).and_then(|piece| piece.remark) {
            self.out.push(' ');
            self.out.push_str(remark);
        }
    }
}
