//! MJML becomes HTML when a project is compiled, and never again: <https://documentation.mjml.io>.
//!
//! Values and tags of a template are no MJML, so each is replaced by a word before and put back afterwards. A tag that
//! stands between elements is replaced by a comment, which is the one thing that may stand there.

use std::ops::Range;

use mrml::{
    parse_with_options,
    prelude::{
        parser::{Error, ParserOptions, WarningKind},
        render::RenderOptions,
    },
};

use super::html::Place;
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{Expr, Ident, Text, TextPart},
    },
};

/// How deep elements may be nested; the renderer calls itself for each.
const NESTING: usize = 100;
/// What the words begin with that stand for values and tags.
const WORD: &str = "wayfarehole";
/// Elements between whose children nothing but elements may stand.
const STRUCTURE: [&str; 12] = [
    "mjml",
    "mj-body",
    "mj-wrapper",
    "mj-section",
    "mj-group",
    "mj-column",
    "mj-hero",
    "mj-head",
    "mj-social",
    "mj-navbar",
    "mj-accordion",
    "mj-carousel",
];

/// Elements and the ones that each may stand in; the renderer lets them stand anywhere.
const PLACES: [(&str, &[&str]); 35] = [
    ("mj-head", &["mjml"]),
    ("mj-body", &["mjml"]),
    ("mj-attributes", &["mj-head"]),
    ("mj-breakpoint", &["mj-head"]),
    ("mj-font", &["mj-head"]),
    ("mj-preview", &["mj-head"]),
    ("mj-style", &["mj-head"]),
    ("mj-title", &["mj-head"]),
    ("mj-all", &["mj-attributes"]),
    ("mj-class", &["mj-attributes"]),
    ("mj-wrapper", &["mj-body"]),
    ("mj-section", &["mj-body", "mj-wrapper"]),
    ("mj-hero", &["mj-body", "mj-wrapper"]),
    ("mj-group", &["mj-section"]),
    ("mj-column", &["mj-section", "mj-group"]),
    ("mj-text", COLUMN),
    ("mj-button", COLUMN),
    ("mj-image", COLUMN),
    ("mj-divider", COLUMN),
    ("mj-spacer", COLUMN),
    ("mj-table", COLUMN),
    ("mj-social", COLUMN),
    ("mj-navbar", COLUMN),
    ("mj-accordion", COLUMN),
    ("mj-carousel", COLUMN),
    ("mj-social-element", &["mj-social"]),
    ("mj-navbar-link", &["mj-navbar"]),
    ("mj-accordion-element", &["mj-accordion"]),
    ("mj-accordion-title", &["mj-accordion-element"]),
    ("mj-accordion-text", &["mj-accordion-element"]),
    ("mj-carousel-image", &["mj-carousel"]),
    ("mj-raw", &[]),
    ("mj-html-attributes", &["mj-head"]),
    ("mj-include", &[]),
    ("mjml", &[]),
];
/// What the content of a mail stands in.
const COLUMN: &[&str] = &["mj-column", "mj-hero"];

/// What a word stands for.
enum Piece {
    Hole(TextPart),
    If(Expr),
    Elif(Expr),
    Else,
    For(Ident, Expr),
    End,
}

/// The HTML of an MJML document, its values and tags in their places.
///
/// # Errors
/// What is wrong with it, and where.
pub(super) fn html(document: &Text) -> Result<Text, Report> {
    let mut flat = Flat { at: document.at, ..Flat::default() };
    flat.text(document)?;
    if flat.place.depth() > NESTING {
        return Err(Report::new(Code::TooDeep, document.at, "this document is nested too deeply"));
    }
    let parsed = parse_with_options(&flat.out, &ParserOptions::default());
    let parsed = parsed.map_err(|error| flat.wrong(&error))?;
    if let Some(warning) = parsed.warnings.first() {
        let at = flat.origin(warning.span.start..warning.span.end);
        let (message, help) = match warning.kind {
            WarningKind::UnexpectedAttribute => {
                ("MJML has no such attribute here", "https://documentation.mjml.io has those of each element")
            }
            WarningKind::InlineStyleUnsupported => (
                "a style sheet is not written into the elements",
                "leave `inline` out, or give the elements attributes",
            ),
        };
        return Err(refused(at, message, help));
    }
    let rendered = parsed.element.render(&RenderOptions::default());
    let rendered = rendered.map_err(|error| {
        refused(document.at, format!("this MJML cannot be rendered: {error}"), "look at its elements")
    })?;
    flat.restored(&rendered)
}

fn refused(at: At, message: impl Into<String>, help: &str) -> Report {
    Report::new(Code::BadTemplate, at, message).label("in this document").help(help)
}

/// A document without values and tags.
#[derive(Default)]
struct Flat {
    at: At,
    out: String,
    pieces: Vec<Piece>,
    /// Where the pieces of the written text are in it.
    origins: Vec<(usize, At)>,
    place: Place,
}

impl Flat {
    fn text(&mut self, text: &Text) -> Result<(), Report> {
        for part in &text.parts {
            match part {
                TextPart::Text { text, at } => {
                    if text.contains(WORD) {
                        return Err(refused(
                            *at,
                            format!("the word `{WORD}` is taken"),
                            "choose another word",
                        ));
                    }
                    self.origins.push((self.out.len(), *at));
                    self.out.push_str(text);
                    self.elements(text, *at)?;
                }
                TextPart::Hole { at, .. } => {
                    self.origins.push((self.out.len(), *at));
                    let between = self.between();
                    if between {
                        let help = "put it into `<mj-text>` or another element that has text";
                        return Err(refused(*at, "a value cannot stand between the elements of MJML", help));
                    }
                    self.word(Piece::Hole(part.clone()), false);
                }
                TextPart::If { branches, otherwise } => {
                    for (index, (condition, branch)) in branches.iter().enumerate() {
                        let condition = condition.clone();
                        self.tag(if index == 0 { Piece::If(condition) } else { Piece::Elif(condition) });
                        self.text(branch)?;
                    }
                    if let Some(otherwise) = otherwise {
                        self.tag(Piece::Else);
                        self.text(otherwise)?;
                    }
                    self.tag(Piece::End);
                }
                TextPart::For { variable, list, body } => {
                    self.tag(Piece::For(variable.clone(), list.clone()));
                    self.text(body)?;
                    self.tag(Piece::End);
                }
            }
        }
        Ok(())
    }

    /// Goes on behind a piece of text, and sees that each element of MJML in it is one and stands where it may.
    fn elements(&mut self, text: &str, at: At) -> Result<(), Report> {
        let mut from = 0;
        for (open, _) in text.match_indices("<mj") {
            self.place.read(text.get(from..open).unwrap_or_default());
            from = open;
            let rest = text.get(open + 1..).unwrap_or_default();
            let name =
                rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').next().unwrap_or_default();
            if !self.place.is_between() {
                continue;
            }
            let byte =
                |byte: usize| at.start.saturating_add(u32::try_from(byte).unwrap_or(u32::MAX)).min(at.end);
            let here = At { start: byte(open + 1), end: byte(open + 1 + name.len()), ..at };
            let Some((_, parents)) = PLACES.iter().find(|(known, _)| *known == name) else {
                let help = "https://documentation.mjml.io has the elements";
                let report = refused(here, format!("MJML has no element `{name}`"), help);
                return Err(report.did_you_mean(here, name, PLACES.iter().map(|(known, _)| *known)));
            };
            let parent = self.place.parent();
            // In `mj-attributes` an element stands for all of its kind.
            if !parents.is_empty()
                && parent != Some("mj-attributes")
                && !parent.is_some_and(|one| parents.contains(&one))
            {
                let list: Vec<String> = parents.iter().map(|parent| format!("`{parent}`")).collect();
                let help = format!("put it into {}", list.join(" or "));
                return Err(refused(here, format!("`{name}` cannot stand here"), &help));
            }
        }
        self.place.read(text.get(from..).unwrap_or_default());
        Ok(())
    }

    fn tag(&mut self, piece: Piece) {
        let between = self.between();
        self.word(piece, between);
    }

    /// Whether only elements may stand here.
    fn between(&self) -> bool {
        let parent = self.place.parent();
        self.place.is_between() && parent.is_none_or(|parent| STRUCTURE.contains(&parent))
    }

    fn word(&mut self, piece: Piece, comment: bool) {
        let (open, close) = if comment { ("<!--", "-->") } else { ("", "") };
        let word = format!("{open}{WORD}{}x{close}", self.pieces.len());
        self.out.push_str(&word);
        self.place.read(&word);
        self.pieces.push(piece);
    }

    /// Where in the source a place of the document is.
    fn origin(&self, place: Range<usize>) -> At {
        let found = self.origins.iter().rev().find(|(start, _)| *start <= place.start);
        let Some((start, at)) = found else { return self.at };
        let offset = |byte: usize| u32::try_from(byte.saturating_sub(*start)).unwrap_or(u32::MAX);
        let from = at.start.saturating_add(offset(place.start)).min(at.end);
        At {
            start: from,
            end: at.start.saturating_add(offset(place.end)).clamp(from, at.end.max(from)),
            ..*at
        }
    }

    fn wrong(&self, error: &Error) -> Report {
        let (message, place) = match error {
            Error::UnexpectedElement { position, .. } => ("MJML has no such element here", Some(position)),
            Error::UnexpectedToken { position, .. } => ("MJML has nothing like this here", Some(position)),
            Error::MissingAttribute { position, .. } => ("an attribute is missing", Some(position)),
            Error::InvalidAttribute { position, .. } => ("this is no attribute", Some(position)),
            Error::InvalidFormat { position, .. } => ("this is not written as MJML wants it", Some(position)),
            Error::IncludeLoaderError { position, .. } => {
                ("`mj-include` reads another file, which a version would not hold", Some(position))
            }
            Error::EndOfStream { .. } => ("the document ends before its elements do", None),
            Error::SizeLimit { .. } => ("the document is too large", None),
            Error::ParserError { .. } => ("this is no MJML", None),
            Error::NoRootNode => ("a document in MJML begins with `<mjml>`", None),
        };
        let at = place.map_or(self.at, |place| self.origin(place.start..place.end));
        let missing = match error {
            Error::MissingAttribute { name, .. } => format!("the attribute `{name}` is missing"),
            _ => message.to_owned(),
        };
        refused(at, missing, "https://documentation.mjml.io has the elements and where each may stand")
    }

    /// The rendered document with what the words stand for.
    fn restored(&self, rendered: &str) -> Result<Text, Report> {
        let mut tree = Tree { at: self.at, open: vec![(None, Vec::new())] };
        let mut seen = vec![false; self.pieces.len()];
        let mut rest = rendered;
        while let Some((before, behind)) = rest.split_once(WORD) {
            let lost = || refused(self.at, "MJML changes a value of this document", "put it elsewhere");
            let (number, behind) = behind.split_once('x').ok_or_else(lost)?;
            let number: usize = number.parse().map_err(|_| lost())?;
            let piece = self.pieces.get(number).ok_or_else(lost)?;
            if let Some(seen) = seen.get_mut(number) {
                *seen = true;
            }
            let comment = before.strip_suffix("<!--").zip(behind.strip_prefix("-->"));
            let (before, behind) = comment.unwrap_or((before, behind));
            tree.text(before);
            if !tree.piece(piece) {
                let help = "a block holds whole elements: `{% if … %}<mj-section>…</mj-section>{% end %}`";
                return Err(refused(self.at, "MJML takes a block of this document apart", help));
            }
            rest = behind;
        }
        tree.text(rest);
        if let Some(lost) = seen.iter().position(|seen| !seen) {
            let at = match self.pieces.get(lost) {
                Some(Piece::Hole(TextPart::Hole { at, .. })) => *at,
                _ => self.at,
            };
            return Err(refused(at, "MJML leaves this out of the document", "put it into a text or a URL"));
        }
        tree.whole().ok_or_else(|| {
            refused(self.at, "MJML takes a block of this document apart", "a block holds whole elements")
        })
    }
}

/// A block that is being restored: what it is (nothing for the document itself), and its parts.
type Open = (Option<Block>, Vec<TextPart>);

enum Block {
    If { done: Vec<(Expr, Text)>, condition: Option<Expr> },
    For { variable: Ident, list: Expr },
}

struct Tree {
    at: At,
    open: Vec<Open>,
}

impl Tree {
    fn push(&mut self, part: TextPart) {
        if let Some((_, parts)) = self.open.last_mut() {
            parts.push(part);
        }
    }

    fn text(&mut self, text: &str) {
        if !text.is_empty() {
            self.push(TextPart::Text { text: text.to_owned(), at: self.at });
        }
    }

    /// False if the piece belongs to no block that is open.
    fn piece(&mut self, piece: &Piece) -> bool {
        match piece {
            Piece::Hole(part) => self.push(part.clone()),
            Piece::If(condition) => {
                let block = Block::If { done: Vec::new(), condition: Some(condition.clone()) };
                self.open.push((Some(block), Vec::new()));
            }
            Piece::For(variable, list) => {
                let block = Block::For { variable: variable.clone(), list: list.clone() };
                self.open.push((Some(block), Vec::new()));
            }
            Piece::Elif(next) => return self.branch(Some(next.clone())),
            Piece::Else => return self.branch(None),
            Piece::End => return self.end(),
        }
        true
    }

    fn branch(&mut self, next: Option<Expr>) -> bool {
        let at = self.at;
        match self.open.last_mut() {
            Some((Some(Block::If { done, condition }), parts)) if condition.is_some() => {
                if let Some(before) = std::mem::replace(condition, next) {
                    done.push((before, Text { at, parts: std::mem::take(parts) }));
                }
                true
            }
            _ => false,
        }
    }

    fn end(&mut self) -> bool {
        let Some((Some(block), parts)) = self.open.pop() else { return false };
        let text = Text { at: self.at, parts };
        self.push(match block {
            Block::If { mut done, condition: Some(condition) } => {
                done.push((condition, text));
                TextPart::If { branches: done, otherwise: None }
            }
            Block::If { done, condition: None } => TextPart::If { branches: done, otherwise: Some(text) },
            Block::For { variable, list } => TextPart::For { variable, list, body: text },
        });
        true
    }

    fn whole(mut self) -> Option<Text> {
        let (block, parts) = self.open.pop()?;
        (block.is_none() && self.open.is_empty()).then_some(Text { at: self.at, parts })
    }
}
