//! Text with holes: `{{ value }}`, `{% if %} … {% end %}`, `{% for %} … {% end %}`, in quoted texts and in JSON bodies.
//!
//! Holes and tags are read by the same lexer and expression parser as everything else, at their own place in the file.
//! Blocks are kept on a stack of their own, so that no text makes the reader recurse.

use super::{
    At,
    ast::{Expr, ExprKind, Ident, Text, TextPart},
    foreign,
    lexer::{End, Inside, end_of, lex},
    parser::{Cx, P, Shared, expr::whole_expression, for_tag},
};
use crate::diagnostic::{Code, Report};

/// How deep `if` and `for` may be nested in a template.
const NESTING: usize = 16;

/// What kind of text it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Form {
    /// Between quotes, with `\n` and the like.
    Quoted,
    /// JSON as it stands; so much indentation is taken off each line.
    Json { indent: usize },
    /// A document in a file of its own, as it stands.
    Document,
}

/// Reads the text that `source[at]` holds (without quotes).
pub(crate) fn read(source: &str, at: At, form: Form, shared: &Shared) -> Text {
    let mut reader =
        Reader { source, at, form, shared, quoted: false, stopped: false, open: vec![Frame::root(at)] };
    reader.run();
    reader.finish()
}

/// A block that is being read.
struct Frame {
    kind: FrameKind,
    parts: Vec<TextPart>,
    at: At,
}

enum FrameKind {
    Root,
    If { done: Vec<(Expr, Text)>, condition: Option<Expr> },
    For { variable: Ident, list: Expr },
}

impl Frame {
    fn root(at: At) -> Frame {
        Frame { kind: FrameKind::Root, parts: Vec::new(), at }
    }
}

struct Reader<'s> {
    source: &'s str,
    at: At,
    form: Form,
    shared: &'s Shared,
    /// Whether the reader stands between the quotes of a JSON string.
    quoted: bool,
    /// Whether it was nested too deeply to go on.
    stopped: bool,
    open: Vec<Frame>,
}

impl Reader<'_> {
    fn run(&mut self) {
        let (mut at, end) = (self.at.start as usize, self.at.end as usize);
        while at < end && !self.stopped {
            let rest = self.source.get(at..end).unwrap_or_default();
            let next = self.opening(rest);
            if next > 0 {
                self.text(at, at + next);
            }
            at += next;
            if at >= end {
                break;
            }
            let inside = if rest.get(next..).is_some_and(|rest| rest.starts_with("{%")) {
                Inside::Tag
            } else {
                Inside::Hole(0)
            };
            let whole = self.source.get(..end).unwrap_or_default();
            match end_of(whole, at + 2, inside) {
                End::At(close) => {
                    if inside == Inside::Tag {
                        self.tag(at, close)
                    } else {
                        self.hole(at, close)
                    }
                    at = close;
                }
                End::Missing(_) | End::TooDeep(_) => {
                    let close = if inside == Inside::Tag { "%}" } else { "}}" };
                    self.report(
                        at,
                        (at + 2).min(end),
                        format!("this has no closing `{close}`"),
                        "opened here",
                        None,
                    );
                    at = end;
                }
            }
        }
    }

    /// Where the next hole or tag opens, or the end. In quoted texts a `\` makes a brace a brace, as in `\{{`.
    fn opening(&self, rest: &str) -> usize {
        let mut from = 0;
        loop {
            let ahead = rest.get(from..).unwrap_or_default();
            let found = match (ahead.find("{{"), ahead.find("{%")) {
                (Some(hole), Some(tag)) => from + hole.min(tag),
                (Some(found), None) | (None, Some(found)) => from + found,
                (None, None) => return rest.len(),
            };
            let before = rest.get(..found).unwrap_or_default();
            let backslashes = before.bytes().rev().take_while(|byte| *byte == b'\\').count();
            if !matches!(self.form, Form::Quoted) || backslashes % 2 == 0 {
                return found;
            }
            from = found + 1;
        }
    }

    fn place(&self, start: usize, end: usize) -> At {
        let offset = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
        At { file: self.at.file, start: offset(start), end: offset(end) }
    }

    fn report(&self, start: usize, end: usize, message: impl Into<String>, label: &str, help: Option<&str>) {
        let mut report = Report::new(Code::BadTemplate, self.place(start, end), message).label(label);
        report.help = help.map(str::to_owned);
        self.shared.report(report);
    }

    fn push(&mut self, part: TextPart) {
        if let Some(frame) = self.open.last_mut() {
            frame.parts.push(part);
        }
    }

    fn text(&mut self, start: usize, end: usize) {
        let raw = self.source.get(start..end).unwrap_or_default();
        let document = matches!(self.form, Form::Document);
        if let Some((from, to)) = foreign::hole(raw).filter(|_| !document) {
            let inner = raw.get(from..to).unwrap_or_default().trim_matches(['$', '{', '}']);
            self.report(
                start + from,
                start + to,
                "this would be sent as it stands: a hole has two braces on each side",
                "not a hole",
                Some(&format!("write `{{{{ {inner} }}}}`")),
            );
        }
        let text = match self.form {
            Form::Quoted => self.unescape(raw, start),
            Form::Document => raw.to_owned(),
            Form::Json { indent } => {
                let mut escaped = false;
                for byte in raw.bytes() {
                    match byte {
                        _ if escaped => escaped = false,
                        b'\\' if self.quoted => escaped = true,
                        b'"' => self.quoted = !self.quoted,
                        _ => {}
                    }
                }
                dedent(raw, indent)
            }
        };
        let at = self.place(start, end);
        self.push(TextPart::Text { text, at });
    }

    fn unescape(&self, raw: &str, start: usize) -> String {
        let mut text = String::with_capacity(raw.len());
        let mut rest = raw.char_indices();
        while let Some((at, c)) = rest.next() {
            if c != '\\' {
                text.push(c);
                continue;
            }
            match rest.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, 'r')) => text.push('\r'),
                Some((_, same @ ('"' | '\\' | '/' | '{' | '%'))) => text.push(same),
                Some((_, 'u')) => {
                    let digits: String = rest.by_ref().take(4).map(|(_, digit)| digit).collect();
                    match u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32).filter(|c| *c != '\0') {
                        Some(c) if digits.len() == 4 => text.push(c),
                        _ => self.report(start + at, start + at + 2, "`\\u` wants four hexadecimal digits", "", None),
                    }
                }
                _ => self.report(
                    start + at,
                    start + at + 1,
                    "this is no escape",
                    "a backslash begins an escape",
                    Some("write `\\\\` for a backslash; the escapes are `\\n`, `\\t`, `\\r`, `\\\"`, `\\\\` and `\\u00e9`"),
                ),
            }
        }
        text
    }

    fn hole(&mut self, start: usize, close: usize) {
        let inner = self.source.get(start + 2..close - 2).unwrap_or_default();
        let value = if inner.trim().is_empty() {
            self.report(
                start,
                close,
                "this hole is empty",
                "nothing to print",
                Some("write an expression: `{{ profile.email }}`"),
            );
            Expr { at: self.place(start, close), height: 0, kind: ExprKind::Error }
        } else {
            self.within(inner, start + 2, whole_expression)
        };
        let (quoted, at) = (self.quoted, self.place(start, close));
        self.push(TextPart::Hole { value, quoted, at });
    }

    /// Reads the inside of a hole or tag with the ordinary lexer and parser.
    fn within<T>(&self, inner: &str, base: usize, read: impl for<'x> FnOnce(P<'x>) -> T) -> T {
        let lexed = lex(inner, self.at.file, base);
        for report in lexed.reports {
            self.shared.report(report);
        }
        let cx = Cx {
            source: self.source,
            shared: self.shared,
            comments: &lexed.comments,
            end: self.place(base + inner.len(), base + inner.len()),
        };
        read(P { tokens: &lexed.tokens, cx: &cx })
    }

    fn tag(&mut self, start: usize, close: usize) {
        let inner = self.source.get(start + 2..close - 2).unwrap_or_default();
        let word =
            inner.trim_start().split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default().to_owned();
        let skipped = inner.len() - inner.trim_start().len() + word.len();
        let rest = inner.get(skipped..).unwrap_or_default();
        let base = start + 2 + skipped;
        let at = self.place(start, close);
        match word.as_str() {
            "if" => {
                let condition = self.within(rest, base, whole_expression);
                self.begin(FrameKind::If { done: Vec::new(), condition: Some(condition) }, at);
            }
            "for" => {
                let (variable, list) = self.within(rest, base, for_tag);
                self.begin(FrameKind::For { variable, list }, at);
            }
            "elif" => {
                let next = self.within(rest, base, whole_expression);
                self.branch(Some(next), at);
            }
            "else" => self.branch(None, at),
            "end" | "endif" | "endfor" if self.open.len() > 1 => self.end(),
            "end" | "endif" | "endfor" => {
                self.report(
                    start,
                    close,
                    "nothing is open here that could end",
                    "no `if` or `for` before it",
                    None,
                );
            }
            _ => self.report(
                start,
                close,
                format!("`{word}` is not a tag"),
                "expected `if`, `elif`, `else`, `for` or `end`",
                Some("a value is printed with `{{ … }}`"),
            ),
        }
    }

    fn begin(&mut self, kind: FrameKind, at: At) {
        if self.open.len() > NESTING {
            self.shared.report(Report::new(Code::TooDeep, at, "this template is nested too deeply"));
            self.stopped = true;
            return;
        }
        self.open.push(Frame { kind, parts: Vec::new(), at });
    }

    fn branch(&mut self, next: Option<Expr>, at: At) {
        let within = self.at;
        match self.open.last_mut() {
            Some(Frame { kind: FrameKind::If { done, condition }, parts, .. }) if condition.is_some() => {
                if let Some(before) = std::mem::replace(condition, next) {
                    done.push((before, Text { at: within, parts: std::mem::take(parts) }));
                }
            }
            _ => self.report(
                at.start as usize,
                at.end as usize,
                "there is no `if` that this could belong to",
                "",
                None,
            ),
        }
    }

    fn end(&mut self) {
        let Some(frame) = self.open.pop() else { return };
        let text = Text { at: self.at, parts: frame.parts };
        match frame.kind {
            FrameKind::Root => {}
            FrameKind::If { mut done, condition: Some(condition) } => {
                done.push((condition, text));
                self.push(TextPart::If { branches: done, otherwise: None });
            }
            FrameKind::If { done, condition: None } => {
                self.push(TextPart::If { branches: done, otherwise: Some(text) })
            }
            FrameKind::For { variable, list } => self.push(TextPart::For { variable, list, body: text }),
        }
    }

    fn finish(mut self) -> Text {
        while self.open.len() > 1 {
            if let Some(frame) = self.open.last().filter(|_| !self.stopped) {
                let at = frame.at;
                self.report(
                    at.start as usize,
                    at.end as usize,
                    "this block has no end",
                    "opened here",
                    Some("close it with `{% end %}`"),
                );
            }
            self.end();
        }
        Text { at: self.at, parts: self.open.pop().map(|frame| frame.parts).unwrap_or_default() }
    }
}

/// A document as a text in quotes that means the same: what is in its holes and tags stays as it is.
pub(crate) fn quoted(document: &str) -> String {
    let mut out = String::with_capacity(document.len() + document.len() / 16);
    out.push('"');
    let mut at = 0;
    while let Some(rest) = document.get(at..).filter(|rest| !rest.is_empty()) {
        let inside = match rest.get(..2) {
            Some("{{") => Some(Inside::Hole(0)),
            Some("{%") => Some(Inside::Tag),
            _ => None,
        };
        if let Some(End::At(close)) = inside.map(|inside| end_of(document, at + 2, inside)) {
            out.push_str(document.get(at..close).unwrap_or_default());
            at = close;
            continue;
        }
        let Some(letter) = rest.chars().next() else { break };
        match letter {
            '"' | '\\' => out.extend(['\\', letter]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            letter => out.push(letter),
        }
        at += letter.len_utf8();
    }
    out.push('"');
    out
}

/// Takes up to `indent` spaces off the beginning of each line but the first.
pub(crate) fn dedent(text: &str, indent: usize) -> String {
    let mut lines = text.split('\n');
    let mut out = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        let spaces = line.bytes().take(indent).take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        out.push('\n');
        out.push_str(line.get(spaces..).unwrap_or_default());
    }
    out
}

/// How high the highest expression in a text is: a text is as deep as what stands in its holes.
pub(crate) fn height(text: &Text) -> u16 {
    let part = |part: &TextPart| match part {
        TextPart::Text { .. } => 0,
        TextPart::Hole { value, .. } => value.height,
        TextPart::If { branches, otherwise } => branches
            .iter()
            .map(|(condition, text)| condition.height.max(height(text)))
            .chain(otherwise.as_ref().map(height))
            .max()
            .unwrap_or(0)
            .saturating_add(1),
        TextPart::For { list, body, .. } => list.height.max(height(body)).saturating_add(1),
    };
    text.parts.iter().map(part).max().unwrap_or(0)
}
