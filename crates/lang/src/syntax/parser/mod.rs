//! The parser: nom over a slice of tokens. It never fails; what cannot be read is reported and skipped up to the next
//! step or declaration.

mod action;
mod auth;
mod branch;
mod connection;
mod declare;
pub(crate) mod expr;
mod journey;
mod moment;
mod others;
mod policy;
mod steps;
mod test;
mod token;
mod types;
mod unclosed;
mod webhook;

use std::cell::{Cell, RefCell};

use nom::{IResult, Input, Needed, Parser, error::ErrorKind};

use super::{
    At,
    ast::{Decl, Expr, ExprKind, Ident, Text},
    foreign,
    lexer::lex,
    template::{self, Form},
    token::{Comment, Kind, Token},
};
use crate::diagnostic::{Code, Report};

pub(crate) use declare::KEYWORDS as DECLARATIONS;

/// How deep blocks, and how deep expressions, may be nested.
pub(crate) const NESTING: u16 = 64;

/// What all readers of one file share.
pub(crate) struct Shared {
    pub(crate) reports: RefCell<Vec<Report>>,
    pub(crate) depth: Cell<u16>,
}

impl Shared {
    pub(crate) fn report(&self, report: Report) {
        self.reports.borrow_mut().push(report);
    }
}

/// What the parser knows besides its tokens.
pub(crate) struct Cx<'a> {
    pub(crate) source: &'a str,
    pub(crate) shared: &'a Shared,
    pub(crate) comments: &'a [Comment<'a>],
    /// The empty place behind the last token.
    pub(crate) end: At,
}

/// The tokens that are still to be read.
#[derive(Clone, Copy)]
pub(crate) struct P<'a> {
    pub(crate) tokens: &'a [Token<'a>],
    pub(crate) cx: &'a Cx<'a>,
}

/// Why a parser did not succeed: where, and what it would have wanted there.
#[derive(Debug)]
pub(crate) struct Fail {
    at: At,
    want: Vec<&'static str>,
    /// How many tokens were left: the fewer, the farther it came.
    left: usize,
    /// A report that says it better than a list of expectations.
    report: Option<Box<Report>>,
}

pub(crate) type R<'a, T> = IResult<P<'a>, T, Fail>;

impl<'a> Input for P<'a> {
    type Item = &'a Token<'a>;
    type Iter = std::slice::Iter<'a, Token<'a>>;
    type IterIndices = std::iter::Enumerate<std::slice::Iter<'a, Token<'a>>>;

    fn input_len(&self) -> usize {
        self.tokens.len()
    }
    fn take(&self, index: usize) -> Self {
        P { tokens: self.tokens.get(..index).unwrap_or(self.tokens), cx: self.cx }
    }
    fn take_from(&self, index: usize) -> Self {
        P { tokens: self.tokens.get(index..).unwrap_or_default(), cx: self.cx }
    }
    fn take_split(&self, index: usize) -> (Self, Self) {
        (self.take_from(index), self.take(index))
    }
    fn position<F: Fn(Self::Item) -> bool>(&self, predicate: F) -> Option<usize> {
        self.tokens.iter().position(predicate)
    }
    fn iter_elements(&self) -> Self::Iter {
        self.tokens.iter()
    }
    fn iter_indices(&self) -> Self::IterIndices {
        self.tokens.iter().enumerate()
    }
    fn slice_index(&self, count: usize) -> Result<usize, Needed> {
        if self.tokens.len() >= count { Ok(count) } else { Err(Needed::new(count - self.tokens.len())) }
    }
}

impl<'a> nom::error::ParseError<P<'a>> for Fail {
    fn from_error_kind(input: P<'a>, _: ErrorKind) -> Fail {
        input.fail("something else")
    }
    fn append(_: P<'a>, _: ErrorKind, other: Fail) -> Fail {
        other
    }
    /// Of two failures the one that came farther counts; at the same place both expectations do.
    fn or(mut self, other: Fail) -> Fail {
        match self.left.cmp(&other.left) {
            std::cmp::Ordering::Less => self,
            std::cmp::Ordering::Greater => other,
            std::cmp::Ordering::Equal => {
                self.want.extend(other.want);
                self.report = self.report.or(other.report);
                self
            }
        }
    }
}

impl<'a> P<'a> {
    pub(crate) fn first(&self) -> Option<&'a Token<'a>> {
        self.tokens.first()
    }

    /// The text of the token `ahead` places on; empty behind the end.
    pub(crate) fn peek(&self, ahead: usize) -> &'a str {
        self.tokens.get(ahead).map_or("", |token| token.text)
    }

    pub(crate) fn is(&self, text: &str) -> bool {
        self.peek(0) == text
    }

    /// Where the next token stands.
    pub(crate) fn at(&self) -> At {
        self.first().map_or(self.cx.end, |token| token.at)
    }

    /// From `start` to the last token before `rest`.
    pub(crate) fn until(&self, rest: &P<'a>) -> At {
        let taken = self.tokens.len().saturating_sub(rest.tokens.len());
        match taken.checked_sub(1).and_then(|last| self.tokens.get(last)) {
            Some(last) => self.at().to(last.at),
            None => self.at().start_only(),
        }
    }

    fn fail(&self, want: &'static str) -> Fail {
        Fail { at: self.at(), want: vec![want], left: self.tokens.len(), report: None }
    }

    pub(crate) fn error<T>(&self, want: &'static str) -> R<'a, T> {
        Err(nom::Err::Error(self.fail(want)))
    }

    pub(crate) fn refuse<T>(&self, report: Report) -> R<'a, T> {
        let mut fail = self.fail("something else");
        fail.report = Some(Box::new(report));
        Err(nom::Err::Failure(fail))
    }

    pub(crate) fn report(&self, report: Report) {
        self.cx.shared.report(report);
    }

    /// Reports a failure; a place that is reported already is left alone.
    pub(crate) fn complain(&self, error: nom::Err<Fail>) -> usize {
        let (nom::Err::Error(fail) | nom::Err::Failure(fail)) = error else { return self.tokens.len() };
        let left = fail.left;
        let report = match fail.report {
            Some(report) => *report,
            None => {
                let mut want = fail.want;
                want.sort_unstable();
                want.dedup();
                let taken = self.tokens.len().saturating_sub(left);
                foreign::advise(self, taken, &want)
                    .unwrap_or_else(|| self.expected(&one_of(&want), taken, fail.at))
            }
        };
        // Only the latest reports can be about the same place; looking at all of them would be quadratic.
        let known = self
            .cx
            .shared
            .reports
            .borrow()
            .iter()
            .rev()
            .take(8)
            .any(|known| known.at.start == report.at.start || open_text(known, &report));
        if !known || report.code != Code::Syntax {
            self.report(report);
        }
        left
    }

    /// What would have been expected in the place of the token `taken`. When that one begins a line, what is missing
    /// is missing at the end of the line before.
    pub(crate) fn expected(&self, wanted: &str, taken: usize, at: At) -> Report {
        let found = self.tokens.get(taken);
        let before = taken.checked_sub(1).and_then(|index| self.tokens.get(index));
        let (at, message) = match (before, found) {
            (Some(before), found) if found.is_none_or(|found| found.leads) => {
                (before.at.end_only(), format!("expected {wanted} behind `{}`", shorten(before.text)))
            }
            (_, Some(found)) => (at, format!("expected {wanted}, found `{}`", shorten(found.text))),
            (_, None) => (at, format!("expected {wanted}, found the end")),
        };
        Report::new(Code::Syntax, at, message).label(format!("expected {wanted}"))
    }

    /// Runs `inner` one level deeper, or refuses.
    pub(crate) fn deeper<T>(self, inner: impl FnOnce(P<'a>) -> R<'a, T>) -> R<'a, T> {
        let depth = &self.cx.shared.depth;
        if depth.get() >= NESTING {
            return self.refuse(
                Report::new(
                    Code::TooDeep,
                    self.at(),
                    format!("this is nested more than {NESTING} levels deep"),
                )
                .label("too deep from here on")
                .help("give a part of it a name with `let`, or move steps to a journey of their own"),
            );
        }
        depth.set(depth.get() + 1);
        let result = inner(self);
        depth.set(depth.get() - 1);
        result
    }

    /// The doc comment before the next token, and where it begins.
    pub(crate) fn doc(&self) -> Option<(At, graph::Name)> {
        let token = self.first()?;
        let before = self.cx.comments.get(..token.comments)?;
        let mut wanted = token.at.start;
        let mut first = before.len();
        // Only an unbroken run of lines right above the token belongs to it.
        for (index, line) in before.iter().enumerate().rev() {
            let between = self.cx.source.get(line.at.end as usize..wanted as usize)?;
            if !line.is_doc()
                || between.len() > 1_000
                || !between.trim().is_empty()
                || between.matches('\n').count() != 1
            {
                break;
            }
            wanted = line.at.start;
            first = index;
        }
        let lines = before.get(first..)?;
        let text: Vec<&str> = lines.iter().map(|line| line.text.trim_start_matches('/').trim()).collect();
        Some((lines.first()?.at, text.join("\n").into()))
    }
}

/// Whether the other report is about what follows a text that has no end.
fn open_text(text: &Report, report: &Report) -> bool {
    text.code == Code::UnterminatedString && text.at.end == report.at.start
}

fn one_of(want: &[&str]) -> String {
    match want {
        [] => "something else".into(),
        [only] => (*only).into(),
        [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
    }
}

fn shorten(text: &str) -> String {
    if text.chars().count() <= 24 { text.into() } else { text.chars().take(23).chain(['…']).collect() }
}

/// The word or symbol `text`; `shown` is how messages call it.
pub(crate) fn exactly<'a>(text: &'static str, shown: &'static str) -> impl Fn(P<'a>) -> R<'a, At> {
    move |input: P<'a>| match input.first() {
        Some(token) if token.text == text && token.kind != Kind::Text => Ok((input.take_from(1), token.at)),
        _ => input.error(shown),
    }
}

/// `tag!("=>")`: a token, called in messages as it is written.
macro_rules! tag {
    ($text:literal) => {
        crate::syntax::parser::exactly($text, concat!("`", $text, "`"))
    };
}
pub(crate) use tag;

/// A name; `what` is how messages call it.
pub(crate) fn ident<'a>(what: &'static str) -> impl Fn(P<'a>) -> R<'a, Ident> {
    move |input: P<'a>| match input.first() {
        Some(token) if token.kind == Kind::Word => {
            Ok((input.take_from(1), Ident { text: token.text.into(), at: token.at }))
        }
        _ => input.error(what),
    }
}

/// A quoted text.
pub(crate) fn text<'a>(what: &'static str) -> impl Fn(P<'a>) -> R<'a, Text> {
    move |input: P<'a>| match input.first() {
        Some(token) if token.kind == Kind::Text => {
            let inner = token.inner();
            let mut text = input.deeper(|input| {
                Ok((
                    input.take_from(1),
                    template::read(input.cx.source, inner, Form::Quoted, input.cx.shared),
                ))
            })?;
            text.1.at = token.at;
            Ok(text)
        }
        _ => input.error(what),
    }
}

/// Whatever `items` reads, with commas between them that may be left out or stand behind the last.
pub(crate) fn many<'a, T>(
    item: impl Fn(P<'a>) -> R<'a, T>,
    close: &'static str,
) -> impl Fn(P<'a>) -> R<'a, Vec<T>> {
    move |mut input: P<'a>| {
        let mut items = Vec::new();
        while !input.is(close) && input.first().is_some() {
            let (rest, one) = item(input)?;
            items.push(one);
            let (rest, _) = nom::combinator::opt(tag!(",")).parse(rest)?;
            input = rest;
        }
        Ok((input, items))
    }
}

/// The inside of `{% for x in xs %}`, behind the `for`.
pub(crate) fn for_tag(input: P<'_>) -> (Ident, Expr) {
    let read = |input| {
        let (input, variable) = ident("a name")(input)?;
        let (input, _) = tag!("in")(input)?;
        Ok((input, variable))
    };
    match read(input) {
        Ok((rest, variable)) => (variable, expr::whole_expression(rest)),
        Err(error) => {
            input.complain(error);
            let error = Expr { at: input.at(), height: 0, kind: ExprKind::Error };
            (Ident { text: "item".into(), at: input.at() }, error)
        }
    }
}

/// Reads a document: a text with holes that fills a file.
pub(crate) fn document(source: &str, file: u32) -> (Text, Vec<Report>) {
    let shared = Shared { reports: RefCell::default(), depth: Cell::new(0) };
    let end = u32::try_from(source.len()).unwrap_or(u32::MAX);
    let text = template::read(source, At { file, start: 0, end }, Form::Document, &shared);
    (text, shared.reports.into_inner())
}

/// Reads a whole file.
pub(crate) fn parse(source: &str, file: u32) -> (Vec<Decl>, Vec<Report>) {
    let lexed = lex(source, file, 0);
    let shared = Shared { reports: RefCell::new(lexed.reports), depth: Cell::new(0) };
    let end = u32::try_from(source.len()).unwrap_or(u32::MAX);
    let cx = Cx { source, shared: &shared, comments: &lexed.comments, end: At { file, start: end, end } };
    let decls = declare::file(P { tokens: &lexed.tokens, cx: &cx });
    (decls, shared.reports.into_inner())
}
