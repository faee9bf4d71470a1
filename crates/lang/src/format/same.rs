//! Whether a text still says the same.

use std::{
    fmt::{self, Debug, Write},
    ops::Range,
};

use crate::syntax::{
    ast::{Auth, Body, Decl, DeclKind, Text, TextPart},
    lexer::Lexed,
    token::{Kind, Token},
};

/// Whether all tokens but commas, and all comments, are the same. Whether a comma may come or go, the tree knows.
pub(super) fn tokens(before: &Lexed<'_>, after: &Lexed<'_>) -> bool {
    fn kept<'a>(lexed: &'a Lexed<'_>) -> impl Iterator<Item = (Kind, &'a str)> {
        let kept = lexed.tokens.iter().filter(|token| token.text != ",");
        kept.map(|token: &Token<'_>| (token.kind, token.text))
    }
    fn comments<'a>(lexed: &'a Lexed<'_>) -> impl Iterator<Item = &'a str> {
        lexed.comments.iter().map(|comment| comment.text)
    }
    kept(before).eq(kept(after)) && comments(before).eq(comments(after))
}

/// Whether two trees, each with the text that it was read from, are the same but for the places of their nodes and the
/// white space of bodies.
pub(super) fn trees(before: (Vec<Decl>, &str), after: (Vec<Decl>, &str)) -> bool {
    before.0.len() == after.0.len()
        && before.0.into_iter().zip(after.0).all(|(mut one, mut other)| {
            // The same text reads the same: most declarations of most files were formatted before.
            before.1.get(range(&one)) == after.1.get(range(&other))
                || compact(&mut one) == compact(&mut other)
        })
}

/// Where a declaration stands.
fn range(declaration: &Decl) -> Range<usize> {
    declaration.at.start as usize..declaration.at.end as usize
}

/// The digest of a declaration whose body has lost its white space.
fn compact(declaration: &mut Decl) -> u64 {
    let sent = match &mut declaration.kind {
        DeclKind::Action(action) => Some(&mut action.sent),
        DeclKind::Connection(connection) => match &mut connection.auth {
            Some((_, Auth::Token(call))) => Some(&mut call.sent),
            _ => None,
        },
        _ => None,
    };
    if let Some(Body::Json(body)) = sent.and_then(|sent| sent.body.as_mut()) {
        close_up(body);
    }
    digest(declaration)
}

/// Leaves out the parts of a body that are nothing but white space. How deep tags are nested is bounded.
fn close_up(body: &mut Text) {
    body.parts.retain(|part| !matches!(part, TextPart::Text { text, .. } if text.trim().is_empty()));
    for part in &mut body.parts {
        match part {
            TextPart::Text { .. } | TextPart::Hole { .. } => {}
            TextPart::If { branches, otherwise } => {
                branches.iter_mut().map(|(_, text)| text).chain(otherwise).for_each(close_up);
            }
            TextPart::For { body, .. } => close_up(body),
        }
    }
}

/// A digest of all that a tree prints of itself: so no kind of node can be forgotten here.
fn digest(tree: &impl Debug) -> u64 {
    let mut digest = Digest { sum: 0, place: false };
    // Writing into a digest cannot fail.
    let _ = write!(digest, "{tree:?}");
    digest.sum
}

struct Digest {
    sum: u64,
    /// Whether the fields of a place are being written.
    place: bool,
}

impl Write for Digest {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        match part {
            "At" => self.place = true,
            " }" if self.place => self.place = false,
            _ if self.place => {}
            // As a line break is shown in a text.
            "\\n" => {}
            _ => {
                for byte in part.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
                    // The step of FNV-1a: nobody gains anything from a text that deceives it.
                    self.sum = (self.sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
                }
            }
        }
        Ok(())
    }

    fn write_char(&mut self, letter: char) -> fmt::Result {
        self.write_str(letter.encode_utf8(&mut [0; 4]))
    }
}
