//! Diagnostics: what is wrong, where, why, and what to write instead.

mod code;
mod draw;
mod json;

pub use code::Code;
pub use draw::{draw, draw_place};
pub use json::{to_json, to_sarif};

use graph::Span;

use crate::syntax::At;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The project does not compile.
    Error,
    /// It compiles, and is probably not what was meant.
    Warning,
}

impl Severity {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// Another place that has to do with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// The file's name.
    pub file: String,
    /// Where in the file.
    pub span: Span,
    /// What is there.
    pub label: String,
}

/// An edit that repairs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What is replaced, in the diagnostic's file.
    pub span: Span,
    /// By what.
    pub replacement: String,
}

/// One mistake in the sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of mistake.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// The file's name.
    pub file: String,
    /// Where in the file.
    pub span: Span,
    /// What is wrong, in one sentence.
    pub message: String,
    /// A few words for the underlined place.
    pub label: String,
    /// Other places that have to do with it.
    pub related: Vec<Related>,
    /// What to write.
    pub help: Option<String>,
    /// The edit that repairs it, when it is known.
    pub fix: Option<Fix>,
}

/// A diagnostic whose files are still numbers, as parser and checker make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) code: Code,
    pub(crate) at: At,
    pub(crate) message: String,
    pub(crate) label: String,
    pub(crate) related: Vec<(At, String)>,
    pub(crate) help: Option<String>,
    pub(crate) fix: Option<(At, String)>,
}

impl Report {
    pub(crate) fn new(code: Code, at: At, message: impl Into<String>) -> Report {
        Report {
            code,
            at,
            message: message.into(),
            label: String::new(),
            related: Vec::new(),
            help: None,
            fix: None,
        }
    }

    pub(crate) fn label(mut self, label: impl Into<String>) -> Report {
        self.label = label.into();
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Report {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn related(mut self, at: At, label: impl Into<String>) -> Report {
        self.related.push((at, label.into()));
        self
    }

    pub(crate) fn fix(mut self, at: At, replacement: impl Into<String>) -> Report {
        self.fix = Some((at, replacement.into()));
        self
    }

    /// Help and fix for a misspelt word, if something known is near enough.
    pub(crate) fn did_you_mean<'a>(self, at: At, word: &str, known: impl Iterator<Item = &'a str>) -> Report {
        match nearest(word, known) {
            Some(near) => self.help(format!("did you mean `{near}`?")).fix(at, near),
            None => self,
        }
    }

    /// With the names of its files.
    pub(crate) fn finish(self, names: &[String]) -> Diagnostic {
        let name = |at: At| names.get(at.file as usize).cloned().unwrap_or_default();
        Diagnostic {
            code: self.code,
            severity: Severity::Error,
            file: name(self.at),
            span: self.at.span(),
            message: self.message,
            label: self.label,
            related: self
                .related
                .into_iter()
                .map(|(at, label)| Related { file: name(at), span: at.span(), label })
                .collect(),
            help: self.help,
            fix: self.fix.map(|(at, replacement)| Fix { span: at.span(), replacement }),
        }
    }
}

/// The known word that needs the fewest edits, if they are few. Two neighbours that changed places are one edit.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 64;
    let length = word.chars().count();
    let most = (length / 3).max(1);
    known
        .filter(|candidate| *candidate != word && length <= LONGEST)
        .filter(|candidate| candidate.chars().count().abs_diff(length) <= most)
        .map(|candidate| {
            let same = candidate.eq_ignore_ascii_case(word);
            (if same { 0 } else { strsim::osa_distance(word, candidate) }, candidate)
        })
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The line and column (in characters, both from one) of a byte.
pub(crate) fn place(text: &str, byte: usize) -> (usize, usize) {
    let mut end = byte.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = text.get(..end).unwrap_or_default();
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_found_and_far_ones_are_not() {
        let known = ["firstName", "email", "phoneNumber"];
        assert_eq!(nearest("fristName", known.into_iter()), Some("firstName"));
        assert_eq!(nearest("emial", known.into_iter()), Some("email"));
        assert_eq!(nearest("Email", known.into_iter()), Some("email"));
        assert_eq!(nearest("address", known.into_iter()), None);
    }

    #[test]
    fn places_count_characters() {
        assert_eq!(place("aé\nbc", 3), (1, 3));
        assert_eq!(place("aé\nbc", 5), (2, 2));
    }
}
