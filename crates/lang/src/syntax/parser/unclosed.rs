//! Blocks that nothing closes: one report for however many are open, at the one that was most likely forgotten.

use super::P;
use crate::{
    diagnostic::{Code, Report},
    syntax::token::{Kind, Token},
};

const MESSAGE: &str = "this block is never closed";

/// Reports that the block at `start`, whose steps were read up to `rest`, has no end.
pub(super) fn report(start: &P<'_>, rest: &P<'_>) {
    let Some(open) = start.first() else { return };
    // The blocks around one that is open at the end are open for the same reason, and in a file that was written by half
    // the place where it breaks off says it all.
    let end = start.tokens.last().map_or(0, |last| last.at.end);
    let broken_off = rest.first().is_none();
    let known = start.cx.shared.reports.borrow().iter().rev().take(8).any(|report| {
        (report.message == MESSAGE && report.at.start >= open.at.start && report.at.end <= rest.at().end)
            || (broken_off && report.at.end >= end)
    });
    if known {
        return;
    }
    let taken = start.tokens.len().saturating_sub(rest.tokens.len());
    let (at, closer) = match closed_elsewhere(start, taken) {
        Some((inner, closer)) => (inner.at, Some(closer.at)),
        None => (open.at, None),
    };
    let mut report = Report::new(Code::Syntax, at, MESSAGE).label("opened here").help("close it with `}`");
    if let Some(closer) = closer {
        report = report.related(closer, "this one closes it, though it stands farther left");
    }
    start.report(report);
}

/// A block inside that is closed by a brace farther left than the line it was opened on: the brace of another block.
fn closed_elsewhere<'a>(start: &P<'a>, taken: usize) -> Option<(&'a Token<'a>, &'a Token<'a>)> {
    let mut open: Vec<&Token<'_>> = Vec::new();
    for token in start.tokens.iter().take(taken).filter(|token| token.kind == Kind::Symbol) {
        match token.text {
            "{" => open.push(token),
            "}" => {
                let opened = open.pop()?;
                if token.leads && indent(start, token) < indent(start, opened) {
                    return Some((opened, token));
                }
            }
            _ => {}
        }
    }
    None
}

/// How far the line of a token is indented.
fn indent(input: &P<'_>, token: &Token<'_>) -> usize {
    let before = input.cx.source.get(..token.at.start as usize).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    line.len() - line.trim_start().len()
}
