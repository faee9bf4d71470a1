//! Text into tokens and comments. One pass without recursion; whatever comes in, tokens come out.

use super::{
    At, foreign,
    token::{Comment, Kind, Token},
};
use crate::diagnostic::{Code, Report};

/// How deep texts may be nested in the holes of texts.
const NESTING: usize = 16;

/// How far the end of a text in quotes of another kind is looked for.
const LONGEST_QUOTED: usize = 1_000;

/// The symbols of two characters, which win over their first character alone.
const PAIRS: [&str; 8] = ["->", "=>", "==", "!=", "<=", ">=", "??", "?."];

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
        habits: Vec::new(),
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
    /// What is reported once a file, and the number of its report.
    habits: Vec<(&'static str, usize)>,
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
            '\'' | '`' | '“' | '”' | '‘' | '’' => self.quoted_otherwise(rest, first),
            '#' => self.comment_otherwise(rest, rest.find('\n').unwrap_or(rest.len())),
            '/' if rest.starts_with("/*") => {
                self.comment_otherwise(rest, rest.find("*/").map_or(rest.len(), |end| end + 2));
            }
            _ if foreign::operator(rest).is_some() => self.operator_otherwise(rest),
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

    /// A text in quotes of another kind. It is taken as a text, so that it costs no more than one report.
    fn quoted_otherwise(&mut self, rest: &str, first: char) {
        let width = first.len_utf8();
        // Only so far ahead: looking to the end of every line would be quadratic in a line of quotes.
        let line = rest.char_indices().take(LONGEST_QUOTED).take_while(|(_, c)| *c != '\n');
        let length = line.last().map_or(0, |(at, c)| at + c.len_utf8());
        let line = rest.get(..length).unwrap_or_default();
        let closes = |c: char| match first {
            '\'' | '`' => c == first,
            '“' | '”' => matches!(c, '“' | '”' | '"'),
            _ => matches!(c, '‘' | '’' | '\''),
        };
        let close = line.char_indices().skip(1).find(|(_, c)| closes(*c));
        let Some((end, last)) = close else { return self.unexpected(first) };
        let length = end + last.len_utf8();
        let at = self.place(self.at, self.at + length);
        let inner = line.get(width..end).unwrap_or_default();
        let mut report = Report::new(Code::UnexpectedCharacter, at, "texts stand in straight double quotes")
            .label(format!("quoted with `{first}`"));
        if !inner.contains('"') {
            let text = format!("\"{inner}\"");
            report = report.help(format!("write `{text}`")).fix(at, text);
        }
        self.out.reports.push(report);
        self.take(Kind::Text, length);
    }

    fn comment_otherwise(&mut self, rest: &str, length: usize) {
        let mark = if rest.starts_with('#') { 1 } else { 2 };
        self.habit(mark, "comments begin with `//`", None);
        self.at += length;
    }

    fn operator_otherwise(&mut self, rest: &str) {
        let Some((theirs, ours)) = foreign::operator(rest) else { return };
        let at = self.place(self.at, self.at + theirs.len());
        let report = Report::new(Code::UnexpectedCharacter, at, format!("there is no operator `{theirs}`"))
            .label("an operator of other languages")
            .help(format!("write `{}`", ours.trim()))
            .fix(at, ours);
        match self
            .out
            .reports
            .last_mut()
            .filter(|last| last.at.end == at.start && last.message == report.message)
        {
            Some(last) => last.at.end = at.end,
            None => self.out.reports.push(report),
        }
        self.take(Kind::Symbol, theirs.len());
    }

    /// Something that other languages have everywhere: the first place stands for all in the file.
    fn habit(&mut self, length: usize, message: &'static str, fix: Option<&str>) {
        if let Some((_, index)) = self.habits.iter().find(|(known, _)| *known == message) {
            if let Some(report) = self.out.reports.get_mut(*index) {
                report.label = "here, and farther below".into();
            }
            return;
        }
        self.habits.push((message, self.out.reports.len()));
        let at = self.place(self.at, self.at + length);
        let mut report = Report::new(Code::UnexpectedCharacter, at, message).label("here");
        report.fix = fix.map(|text| (at, text.to_owned()));
        self.out.reports.push(report);
    }

    fn unexpected(&mut self, first: char) {
        if first == ';' {
            self.habit(1, "nothing ends with a semicolon: each step stands on its own line", Some(""));
            self.at += 1;
            return;
        }
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
                '\'' | '“' | '”' | '‘' | '’' | '`' => {
                    Some("texts stand in straight double quotes: `\"…\"`".into())
                }
                '&' => Some("write `and`".into()),
                '$' => Some("a value stands in a text as `{{ value }}`, elsewhere without any mark".into()),
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
