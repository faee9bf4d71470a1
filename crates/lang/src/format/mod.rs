//! The formatter: one style, every comment kept.
//!
//! It works on tokens, not on the tree, so that nothing the author wrote can get lost: lines stay where they were, their
//! indentation and the spaces inside them are set anew, and a JSON body is moved as a whole. Before the result is given
//! back it is read again and must have the same tokens.

mod spacing;

use crate::{
    Diagnostic, Source,
    diagnostic::Report,
    syntax::{
        lexer::{Lexed, lex},
        parser::parse,
        token::Kind,
    },
};

/// Formats a file that parses.
///
/// # Errors
/// What is wrong with its syntax.
pub fn format(source: &Source) -> Result<String, Vec<Diagnostic>> {
    let (_, reports) = parse(&source.text, 0);
    if !reports.is_empty() {
        return Err(finish(reports, source));
    }
    let before = lex(&source.text, 0, 0);
    let formatted = spacing::write(&source.text, &before);
    let after = lex(&formatted, 0, 0);
    if same(&before, &after) && parse(&formatted, 0).1.is_empty() {
        Ok(formatted)
    } else {
        // Whatever this formatter gets wrong must not change what a file means: it is then left as it is.
        Ok(source.text.clone())
    }
}

fn finish(reports: Vec<Report>, source: &Source) -> Vec<Diagnostic> {
    let names = [source.name.clone()];
    reports.into_iter().map(|report| report.finish(&names)).collect()
}

fn same(before: &Lexed<'_>, after: &Lexed<'_>) -> bool {
    let tokens = |lexed: &Lexed<'_>| -> Vec<(Kind, String)> {
        lexed.tokens.iter().map(|token| (token.kind, token.text.to_owned())).collect()
    };
    let comments = |lexed: &Lexed<'_>| -> Vec<String> {
        lexed.comments.iter().map(|comment| comment.text.to_owned()).collect()
    };
    tokens(before) == tokens(after) && comments(before) == comments(after)
}
