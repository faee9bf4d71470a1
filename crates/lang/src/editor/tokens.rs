//! The pieces of a file by kind, for highlighting that knows what a name means.

use super::{Analysis, Place, Thing};
use crate::syntax::{
    lexer::lex,
    token::{Comment, Kind},
};

/// What a piece of a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// A comment.
    Comment,
    /// A quoted text.
    Text,
    /// A number.
    Number,
    /// A name, and what it means.
    Name(Thing),
}

/// A piece of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Where it stands.
    pub place: Place,
    /// What it is.
    pub kind: TokenKind,
}

/// The pieces of a file that have a kind, in order, none inside another. Names inside texts win over the texts.
pub fn tokens(analysis: &Analysis, file: usize) -> Vec<Token> {
    let Some(source) = analysis.sources.get(file) else { return Vec::new() };
    let lexed = lex(&source.text, u32::try_from(file).unwrap_or(u32::MAX), 0);
    let named = analysis.mentions.iter().filter(|mention| mention.at.file as usize == file);
    let mut names: Vec<Token> = named
        .map(|mention| Token { place: mention.at.into(), kind: TokenKind::Name(mention.thing) })
        .filter(|token| token.place.start < token.place.end)
        .collect();
    names.dedup_by_key(|token| token.place);
    let mut all = names.clone();
    let comment = |comment: &Comment<'_>| Token { place: comment.at.into(), kind: TokenKind::Comment };
    all.extend(lexed.comments.iter().map(comment));
    for token in &lexed.tokens {
        let kind = match token.kind {
            Kind::Number => TokenKind::Number,
            Kind::Text => TokenKind::Text,
            Kind::Word | Kind::Symbol => continue,
        };
        let place = Place::from(token.at);
        let from = names.partition_point(|name| name.place.end <= place.start);
        let inside = names.iter().skip(from).take_while(|name| name.place.start < place.end);
        let mut start = place.start;
        for name in inside {
            all.extend(
                (start < name.place.start)
                    .then_some(Token { place: Place { start, end: name.place.start, ..place }, kind }),
            );
            start = name.place.end;
        }
        all.extend((start < place.end).then_some(Token { place: Place { start, ..place }, kind }));
    }
    all.sort_by_key(|token| token.place);
    all
}
