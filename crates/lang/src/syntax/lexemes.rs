//! The tokens of a text for tests that hold the grammar of the manual against the parser. Nothing else uses them.

use super::{lexer::lex, token::Kind};

/// A token.
#[derive(Clone, Copy, Debug)]
pub struct Lexeme<'a> {
    /// As it is written.
    pub text: &'a str,
    /// `w`ord, `n`umber, `t`ext or `s`ymbol.
    pub kind: char,
    /// Whether it is the first on its line.
    pub leads: bool,
}

/// The tokens of a text.
pub fn lexemes(text: &str) -> Vec<Lexeme<'_>> {
    let kind = |kind| match kind {
        Kind::Word => 'w',
        Kind::Number => 'n',
        Kind::Text => 't',
        Kind::Symbol => 's',
    };
    let tokens = lex(text, 0, 0).tokens;
    tokens
        .iter()
        .map(|token| Lexeme { text: token.text, kind: kind(token.kind), leads: token.leads })
        .collect()
}
