//! Text into tokens and comments. One pass without recursion; whatever comes in, tokens come out.

use super::{
    At,
    token::{Comment, Kind, Token},
};
use crate::diagnostic::{Code, Report};

/// How deep texts may be nested in the holes of texts.
const NESTING: usize = 16;

/// The symbols of two characters, which win over their first character alone.
const PAIRS: [&str; 9] = ["->", "=>", "==", "!=", "<=", ">=", "??", "?.", "||"];

/// What the lexer makes of a source.
pub(crate) struct Lexed<'a> {
    pub(crate) tokens: Vec<Token<'a>>,
    pub(crate) comments: Vec<Comment<'a>>,
    pub(crate) reports: Vec<Report>,
}

/// Splits `text`, which begins at byte `base` of its file.
pub(crate) fn lex(text: &str, file: u32, base: usize) -> Lexed<'_> {
    let mut lexer = Lexer {
        text,
        file,
        base,
        at: 0,
        leads: true,
        out: Lexed { tokens: Vec::new(), comments: Vec::new(), reports: Vec::new() },
    };
    while lexer.step() {}
    lexer.out
}

struct Lexer<'a> {
    text: &'a str,
    file: u32,
    base: usize,
    at: usize,
    leads: bool,
    out: Lexed<'a>,
}

impl<'a> Lexer<'a> {
    /// Takes one token, comment or space; `false` at the end.
    fn step(&mut self) -> bool {
        let Some(rest) = self.text.get(self.at..) else { return false };
        let Some(first) = rest.chars().next() else { return false };
        match first {
            '\n' => {
                self.leads = true;
                self.at += 1;
            }
            ' ' | '\t' | '\r' | '\u{feff}' => self.at += first.len_utf8(),
            '/' if rest.starts_with("//") => {
                let length = rest.find('\n').unwrap_or(rest.len());
                let comment = rest.get(..length).unwrap_or_default().trim_end();
                let at = self.place(self.at, self.at + comment.len());
                self.out.comments.push(Comment { text: comment, at, leads: self.leads });
                self.at += length;
            }
            '"' => self.quoted(rest),
            '0'..='9' => self.take(Kind::Number, number_length(rest)),
            _ if is_word_start(first) => {
                let length =
                    rest.find(|c: char| !is_word_start(c) && !c.is_ascii_digit()).unwrap_or(rest.len());
                self.take(Kind::Word, length);
            }
            _ if PAIRS.iter().any(|pair| rest.starts_with(pair)) => self.take(Kind::Symbol, 2),
            '{' | '}' | '(' | ')' | '[' | ']' | ',' | ':' | '.' | '=' | '<' | '>' | '+' | '-' | '*' | '/'
            | '%' | '?' | '|' => self.take(Kind::Symbol, 1),
            _ => self.unexpected(first),
        }
        true
    }

    fn place(&self, start: usize, end: usize) -> At {
        let offset = |byte: usize| u32::try_from(self.base + byte).unwrap_or(u32::MAX);
        At { file: self.file, start: offset(start), end: offset(end) }
    }

    fn take(&mut self, kind: Kind, length: usize) {
        let end = self.at + length;
        let before = self.at.checked_sub(1).and_then(|byte| self.text.as_bytes().get(byte));
        self.out.tokens.push(Token {
            kind,
            text: self.text.get(self.at..end).unwrap_or_default(),
            at: self.place(self.at, end),
            leads: self.leads,
            outermost: before.is_none_or(|byte| *byte == b'\n'),
            comments: self.out.comments.len(),
        });
        self.leads = false;
        self.at = end;
    }

    fn quoted(&mut self, rest: &str) {
        match end_of(rest, 1, Inside::Text) {
            End::At(length) => self.take(Kind::Text, length),
            End::Missing(length) => {
                let at = self.place(self.at, self.at + length);
                self.out.reports.push(
                    Report::new(Code::UnterminatedString, at, "this text has no closing quote")
                        .label("begins here and runs to the end of the line")
                        .help(
                            "close it with `\"`; a quote inside a text is written `\\\"`, a line break `\\n`",
                        ),
                );
                self.take(Kind::Text, length);
            }
            End::TooDeep(length) => {
                let at = self.place(self.at, self.at + length);
                self.out.reports.push(
                    Report::new(Code::TooDeep, at, "texts are nested too deeply in the holes of texts")
                        .help("give the inner text a name with `let`"),
                );
                self.take(Kind::Text, length);
            }
        }
    }

    fn unexpected(&mut self, first: char) {
        let at = self.place(self.at, self.at + first.len_utf8());
        // One report for a run of them: a file in another encoding would give thousands.
        let known = self
            .out
            .reports
            .last()
            .is_some_and(|last| last.code == Code::UnexpectedCharacter && last.at.end == at.start);
        if known {
            if let Some(last) = self.out.reports.last_mut() {
                last.at.end = at.end;
            }
        } else {
            let shown =
                if first.is_control() { first.escape_unicode().to_string() } else { first.to_string() };
            let mut report = Report::new(
                Code::UnexpectedCharacter,
                at,
                format!("the language has no use for `{shown}` here"),
            );
            report.help = match first {
                '\'' | '“' | '”' | '‘' | '’' => {
                    Some("texts stand in straight double quotes: `\"…\"`".into())
                }
                ';' => Some("steps need no semicolon; each stands on its own line".into()),
                '&' => Some("write `and`".into()),
                '!' => Some("write `not`".into()),
                '#' => Some("comments begin with `//`".into()),
                _ => None,
            };
            self.out.reports.push(report);
        }
        self.at += first.len_utf8();
    }
}

fn is_word_start(c: char) -> bool {
    c == '_' || c.is_alphabetic()
}

fn number_length(rest: &str) -> usize {
    let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit() && c != '_').unwrap_or(text.len());
    let whole = digits(rest);
    let tail = rest.get(whole..).unwrap_or_default();
    match tail.strip_prefix('.') {
        Some(fraction) if fraction.starts_with(|c: char| c.is_ascii_digit()) => whole + 1 + digits(fraction),
        _ => whole,
    }
}

/// What is being skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inside {
    /// A quoted text: ends with the quote, on the same line.
    Text,
    /// `{{ … }}`, with how many braces are open inside.
    Hole(u32),
    /// `{% … %}`
    Tag,
}

/// Where something ends that holes and texts may be nested in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The byte after its end.
    At(usize),
    /// It has none; where the line or the text ends.
    Missing(usize),
    /// It is nested too deeply; where the line ends.
    TooDeep(usize),
}

/// Finds the end of what `inside` says and `from` is the inner start of.
pub(crate) fn end_of(text: &str, from: usize, inside: Inside) -> End {
    let bytes = text.as_bytes();
    let line_end =
        || bytes.iter().skip(from).position(|byte| *byte == b'\n').map_or(text.len(), |at| from + at);
    let mut open = vec![inside];
    let mut at = from;
    while let (Some(inner), Some(byte)) = (open.last_mut(), bytes.get(at)) {
        let pair = bytes.get(at + 1);
        at += 1;
        match (*inner, *byte, pair) {
            (Inside::Text, b'\n', _) => return End::Missing(line_end()),
            (Inside::Text, b'\\', Some(escaped)) if *escaped != b'\n' => at += 1,
            (Inside::Text, b'{', Some(b'{')) => {
                at += 1;
                open.push(Inside::Hole(0));
            }
            (Inside::Text, b'{', Some(b'%')) => {
                at += 1;
                open.push(Inside::Tag);
            }
            (Inside::Text, b'"', _) => {
                open.pop();
            }
            (Inside::Hole(_) | Inside::Tag, b'"', _) => open.push(Inside::Text),
            (Inside::Hole(depth), b'{', _) => *inner = Inside::Hole(depth + 1),
            (Inside::Hole(0), b'}', Some(b'}')) => {
                at += 1;
                open.pop();
            }
            (Inside::Hole(depth), b'}', _) => *inner = Inside::Hole(depth.saturating_sub(1)),
            (Inside::Tag, b'%', Some(b'}')) => {
                at += 1;
                open.pop();
            }
            _ => {}
        }
        if open.len() > NESTING {
            return End::TooDeep(line_end());
        }
    }
    if open.is_empty() { End::At(at) } else { End::Missing(line_end()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<&str> {
        lex(source, 0, 0).tokens.iter().map(|token| token.text).collect()
    }

    #[test]
    fn texts_with_texts_in_their_holes_are_one_token() {
        assert_eq!(texts(r#"a "x {{ b ?? "y}}" }} z" c"#), ["a", r#""x {{ b ?? "y}}" }} z""#, "c"]);
        assert_eq!(
            texts("2s 0.5 09:00 a?.b x=>y"),
            ["2", "s", "0.5", "09", ":", "00", "a", "?.", "b", "x", "=>", "y"]
        );
    }

    #[test]
    fn an_open_text_ends_with_its_line() {
        let lexed = lex("a \"b\nc", 0, 0);
        assert_eq!(lexed.tokens.len(), 3);
        assert_eq!(lexed.reports.len(), 1);
    }
}
