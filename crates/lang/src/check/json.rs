//! Whether a JSON body is JSON, whatever its holes will hold.
//!
//! The body is written out a few times with something harmless in each hole and every branch taken once; each result
//! must parse. Where it does not, the place is found again in the source.

use super::{json_paths, scope::Env};
use crate::{
    diagnostic::{Code, Report},
    syntax::{
        At,
        ast::{Text, TextPart},
    },
};

/// One way to write the body out: which branch of an `if` is taken, how often a `for` runs.
#[derive(Clone, Copy)]
struct Variant {
    first: bool,
    times: usize,
}

/// Reports a body that is not JSON.
pub(crate) fn check(text: &Text, env: &mut Env<'_>) {
    for (first, times) in [(true, 1), (false, 0), (true, 2), (false, 2)] {
        let mut written = Written { text: String::new(), places: Vec::new() };
        written.add(text, Variant { first, times });
        let error = match serde_json::from_str::<serde::de::IgnoredAny>(&written.text) {
            Ok(_) => continue,
            Err(error) => error,
        };
        let at = written.find(error.line(), error.column(), env).unwrap_or(text.at);
        // A text in other quotes is reported by the lexer already.
        if env
            .reports
            .iter()
            .any(|known| known.code == Code::UnexpectedCharacter && known.at.start == at.start)
        {
            return;
        }
        if let Some(report) = usual(at, env) {
            env.report(report);
            return;
        }
        let reason = error.to_string();
        let reason = reason.split(" at line ").next().unwrap_or_default();
        let mut report =
            Report::new(Code::BadJson, at, format!("this body is not JSON: {reason}")).label("here");
        report.help = if times == 2 {
            Some("what a `{% for %}` writes twice is no longer JSON; pass the whole list instead: `{{ list }}`".into())
        } else if reason.contains("trailing comma") {
            Some("take the last comma away".into())
        } else {
            Some("names and texts stand in double quotes; a hole outside quotes writes a whole value".into())
        };
        env.report(report);
        return;
    }
    if let Some(at) = json_paths::decides(text) {
        env.report(
            Report::new(Code::BadJson, at, "this body is not JSON in every case")
                .label("decides whether it is")
                .help("what may be left out must leave JSON behind, and needs its comma with it; or write a whole value: `{{ if … then … else null }}`"),
        );
    }
}

/// The mistakes that are made most often, said in words of one's own.
fn usual(at: At, env: &Env<'_>) -> Option<Report> {
    let source = env.source(at.file);
    let (before, from) = (source.get(..at.start as usize)?, source.get(at.start as usize..)?);
    let place = |start: usize, end: usize| {
        let byte = |byte: usize| u32::try_from(byte).unwrap_or(u32::MAX);
        At { start: byte(start), end: byte(end), ..at }
    };
    if from.starts_with(['}', ']']) && before.trim_end().ends_with(',') {
        let comma = before.trim_end().len() - 1;
        let at = place(comma, comma + 1);
        return Some(
            Report::new(Code::BadJson, at, "this body is not JSON: a comma stands before a closing bracket")
                .label("nothing follows it")
                .help("take the last comma away")
                .fix(at, ""),
        );
    }
    let word: &str = from.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    if !word.starts_with(|c: char| c.is_alphabetic()) {
        return None;
    }
    let at = place(at.start as usize, at.start as usize + word.len());
    let key = from.get(word.len()..)?.trim_start().starts_with(':');
    let what = if key { "the name of a member" } else { "a text" };
    let report =
        Report::new(Code::BadJson, at, format!("this body is not JSON: {what} stands in double quotes"))
            .label("without quotes");
    let quoted = format!("\"{word}\"");
    let help = if key {
        format!("write `{quoted}`")
    } else {
        format!("write `{quoted}`, or `{{{{ {word} }}}}` for the value of that name")
    };
    Some(report.help(help).fix(at, quoted))
}

struct Written {
    text: String,
    /// Where in the text a part begins, and its place in the source.
    places: Vec<(usize, At, bool)>,
}

impl Written {
    fn add(&mut self, text: &Text, variant: Variant) {
        for part in &text.parts {
            match part {
                TextPart::Text { text, at } => {
                    self.places.push((self.text.len(), *at, true));
                    self.text.push_str(text);
                }
                TextPart::Hole { quoted, at, .. } => {
                    self.places.push((self.text.len(), *at, false));
                    self.text.push_str(if *quoted { "x" } else { "null" });
                }
                TextPart::If { branches, otherwise } => match (branches.first(), otherwise) {
                    (Some((_, text)), _) if variant.first => self.add(text, variant),
                    (_, Some(text)) => self.add(text, variant),
                    _ => {}
                },
                TextPart::For { body, .. } => (0..variant.times).for_each(|_| self.add(body, variant)),
            }
        }
    }

    /// The place in the source of what stands at a line and column of what was written.
    fn find(&self, line: usize, column: usize, env: &Env<'_>) -> Option<At> {
        let start: usize =
            self.text.split('\n').take(line.saturating_sub(1)).map(|line| line.len() + 1).sum();
        let column = column.saturating_sub(1);
        let mut byte = (start + column).min(self.text.len().saturating_sub(1));
        // The reader stops one character early before a value that it does not know.
        if self.text.as_bytes().get(byte).is_some_and(|c| matches!(c, b' ' | b':' | b',' | b'\n')) {
            byte += self.text.get(byte..)?.find(|c: char| !c.is_whitespace() && !matches!(c, ':' | ','))?;
        }
        let (from, at, text) = self.places.iter().rev().find(|(from, ..)| *from <= byte)?;
        if !text {
            return Some(*at);
        }
        let inside = self.text.get(*from..byte)?;
        let raw = env.source(at.file).get(at.start as usize..at.end as usize)?;
        let (index, within) = (inside.matches('\n').count(), inside.rsplit('\n').next()?.len());
        // Indentation was taken off each line but the first, so lines agree at their ends.
        let skipped: usize = raw.split('\n').take(index).map(|line| line.len() + 1).sum();
        let written = self.text.get(*from..)?.split('\n').nth(index)?;
        let shift = match (index, raw.split('\n').nth(index)) {
            (0, _) | (_, None) => 0,
            (_, Some(line)) => indent(line).saturating_sub(indent(written)),
        };
        let start = (at.start + u32::try_from(skipped + shift + within).ok()?).min(at.end.saturating_sub(1));
        Some(At { start, end: (start + 1).min(at.end), ..*at })
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches([' ', '\t']).len()
}
