//! Whether a JSON body is JSON, whatever its holes will hold.
//!
//! The body is written out a few times with something harmless in each hole and every branch taken once; each result
//! must parse. Where it does not, the place is found again in the source.

use super::scope::Env;
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
        let at = written.find(error.line(), error.column()).unwrap_or(text.at);
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

    fn find(&self, line: usize, column: usize) -> Option<At> {
        let start: usize =
            self.text.split('\n').take(line.saturating_sub(1)).map(|line| line.len() + 1).sum();
        let byte = (start + column.saturating_sub(1)).min(self.text.len().saturating_sub(1));
        let (from, at, text) = self.places.iter().rev().find(|(from, ..)| *from <= byte)?;
        if !text {
            return Some(*at);
        }
        // Indentation that was taken off shifts the place a little: lines are counted, not bytes, when there is any.
        let inside = u32::try_from(byte - from).ok()?;
        let start = (at.start + inside).min(at.end.saturating_sub(1));
        Some(At { start, end: (start + 1).min(at.end), ..*at })
    }
}
