//! Where in an HTML document a place is, so that a hole stands only where escaping its value keeps it there.
//!
//! It is told the text between the holes, in order. It is no parser of HTML: it knows tags, quotes, comments and which
//! element is open, which is what decides.

use crate::{
    diagnostic::{Code, Report},
    syntax::ast::{Text, TextPart},
};

/// Elements that have no end.
const VOID: [&str; 14] = [
    "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track",
    "wbr",
];

/// What stands at a place of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spot {
    /// Text.
    Text,
    /// A value of an attribute, in quotes.
    Value,
    /// Inside a tag, where a value would be more than a value.
    Tag,
    /// The content of `script` or `style`, where other rules hold than those of HTML.
    Foreign,
}

/// Reads a document piece by piece.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    state: State,
    /// The elements that are open, from the outermost.
    open: Vec<String>,
    /// The tag that is being read.
    tag: String,
    /// The highest number of elements that were open.
    depth: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    Tag,
    Value(char),
    Comment,
}

impl Place {
    /// Goes on behind a piece of text.
    pub(super) fn read(&mut self, text: &str) {
        let mut rest = text;
        while let Some(letter) = rest.chars().next() {
            let (_, mut behind) = rest.split_at(letter.len_utf8());
            match (self.state, letter) {
                (State::Text, '<') if self.spot() == Spot::Foreign && !self.ends_here(rest) => {}
                (State::Text, '<') if rest.starts_with("<!--") => {
                    self.state = State::Comment;
                    behind = rest.get(4..).unwrap_or_default();
                }
                // A `<` before a space is only a sign.
                (State::Text, '<')
                    if behind.is_empty()
                        || behind.starts_with(|c: char| c.is_alphabetic() || "/!".contains(c)) =>
                {
                    self.state = State::Tag;
                    self.tag.clear();
                }
                (State::Tag, '>') => self.end_tag(),
                (State::Tag, '"' | '\'') => self.state = State::Value(letter),
                (State::Tag, letter) => self.tag.push(letter),
                (State::Value(quote), letter) if quote == letter => self.state = State::Tag,
                (State::Comment, '-') if rest.starts_with("-->") => {
                    self.state = State::Text;
                    behind = rest.get(3..).unwrap_or_default();
                }
                (State::Text | State::Value(_) | State::Comment, _) => {}
            }
            rest = behind;
        }
    }

    /// What stands here.
    pub(super) fn spot(&self) -> Spot {
        match self.state {
            State::Tag => Spot::Tag,
            State::Value(_) => Spot::Value,
            State::Text if matches!(self.parent(), Some("script" | "style" | "mj-style")) => Spot::Foreign,
            State::Text | State::Comment => Spot::Text,
        }
    }

    /// Whether the address of a link stands here.
    pub(super) fn is_link(&self) -> bool {
        let tag = self.tag.to_ascii_lowercase();
        let attributes = tag.strip_prefix('a').filter(|rest| rest.starts_with(char::is_whitespace));
        let last = attributes.and_then(|rest| rest.trim_end().strip_suffix('='));
        let name = last.and_then(|rest| rest.split_whitespace().last());
        matches!(self.state, State::Value(_)) && name == Some("href")
    }

    /// The element that is open here.
    pub(super) fn parent(&self) -> Option<&str> {
        self.open.last().map(String::as_str)
    }

    /// Whether nothing stands here but what the elements themselves are made of.
    pub(super) fn is_between(&self) -> bool {
        self.state == State::Text
    }

    /// The highest number of elements that were open at once.
    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    /// Whether the element that is open ends at the beginning of a text.
    fn ends_here(&self, rest: &str) -> bool {
        let name = self.parent().unwrap_or_default();
        let end = rest.get(2..2 + name.len()).is_some_and(|found| found.eq_ignore_ascii_case(name));
        rest.starts_with("</") && end
    }

    fn end_tag(&mut self) {
        self.state = State::Text;
        let (closes, inner) = match self.tag.strip_prefix('/') {
            Some(inner) => (true, inner),
            None => (false, self.tag.as_str()),
        };
        let name = inner.split(|c: char| c.is_whitespace() || c == '/').next().unwrap_or_default();
        let name = name.to_ascii_lowercase();
        if closes {
            if let Some(at) = self.open.iter().rposition(|open| *open == name) {
                self.open.truncate(at);
            }
        } else if !inner.ends_with('/') && !inner.starts_with('!') && !VOID.contains(&name.as_str()) {
            self.open.push(name);
            self.depth = self.depth.max(self.open.len());
        }
    }
}

/// Reports the holes of an HTML document that stand where escaping does not keep a value in its place.
pub(super) fn places(document: &Text, place: &mut Place, report: &mut dyn FnMut(Report)) {
    for part in &document.parts {
        match part {
            TextPart::Text { text, .. } => place.read(text),
            TextPart::Hole { at, .. } => {
                let (message, help) = match place.spot() {
                    Spot::Text | Spot::Value => continue,
                    Spot::Tag => (
                        "a value in a tag stands between quotes",
                        "write `href=\"{{ … }}\"`; names of attributes and tags stand in the text",
                    ),
                    Spot::Foreign => (
                        "a value cannot stand in a script or a style sheet",
                        "nothing there is escaped as in HTML; use the attribute `style=\"…\"`, or choose among fixed texts by `{% if %}`",
                    ),
                };
                report(Report::new(Code::BadTemplate, *at, message).label("not safe here").help(help));
            }
            TextPart::If { branches, otherwise } => {
                // Every branch begins where the block does, and one stands for all of them behind it.
                let begin = place.clone();
                for (_, branch) in branches {
                    *place = begin.clone();
                    places(branch, place, report);
                }
                if let Some(otherwise) = otherwise {
                    *place = begin;
                    places(otherwise, place, report);
                }
            }
            TextPart::For { body, .. } => places(body, place, report),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_behind_a_text_is_known() {
        for (text, spot, parent) in [
            ("", Spot::Text, None),
            ("<p>Hello ", Spot::Text, Some("p")),
            ("<p>1 < 2 ", Spot::Text, Some("p")),
            ("<a href=\"https://x.example/", Spot::Value, None),
            ("<a title='a > b' href=", Spot::Tag, None),
            ("<a title='a > b'>", Spot::Text, Some("a")),
            ("<p><br><img src=x></p><b/>", Spot::Text, None),
            ("<", Spot::Tag, None),
            ("<style>p > a { ", Spot::Foreign, Some("style")),
            ("<script>if (a </b", Spot::Foreign, Some("script")),
            ("<script>1</script>", Spot::Text, None),
            ("<!-- <script> -->", Spot::Text, None),
            ("<!--[if mso]><a href=\"", Spot::Text, None),
            ("<!DOCTYPE html><html>", Spot::Text, Some("html")),
        ] {
            let mut place = Place::default();
            place.read(text);
            assert_eq!((place.spot(), place.parent()), (spot, parent), "{text}");
        }
    }
}
