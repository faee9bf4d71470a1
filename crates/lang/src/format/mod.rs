//! The formatter: one style, whatever the author's was. A file in, its text in that style out.
//!
//! What comes out depends on the tokens, on the comments, and on where there were blank lines. It is made in three
//! steps: the tokens become pieces that carry their comments (`pieces`), a reader that knows the shape of the grammar, but
//! few of its words, says where lines may end and what belongs together (`build`), and a printer breaks the outermost
//! groups that do not fit (`print`). It works on tokens, not on the tree, so that nothing the author wrote can get lost and
//! a construct that it has never heard of still comes out well. Before the result is given back it is read again: it must
//! have the same tokens, comments and tree.

mod build;
mod pieces;
mod print;
mod same;

use crate::{
    Diagnostic, Source,
    diagnostic::Report,
    syntax::{lexer::lex, parser::parse},
};

/// Formats a file that parses.
///
/// # Errors
/// What is wrong with its syntax.
pub fn format(source: &Source) -> Result<String, Vec<Diagnostic>> {
    let (tree, reports) = parse(&source.text, 0);
    if !reports.is_empty() {
        return Err(finish(reports, source));
    }
    let lexed = lex(&source.text, 0, 0);
    let ends: Vec<usize> = tree.iter().map(|declaration| declaration.at.end as usize).collect();
    let formatted = print::file(build::build(pieces::pieces(&source.text, &lexed), &ends));
    if formatted == source.text {
        return Ok(formatted);
    }
    let (again, reports) = parse(&formatted, 0);
    let same = reports.is_empty()
        && same::tokens(&lexed, &lex(&formatted, 0, 0))
        && same::trees((tree, &source.text), (again, &formatted));
    // Whatever this formatter gets wrong must not change what a file means: it is then left as it is.
    Ok(if same { formatted } else { source.text.clone() })
}

fn finish(reports: Vec<Report>, source: &Source) -> Vec<Diagnostic> {
    let names = [source.name.clone()];
    reports.into_iter().map(|report| report.finish(&names)).collect()
}
