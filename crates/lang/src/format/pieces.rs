//! Tokens with the comments around them: what the formatter moves about. Tokens and comments in, pieces out.

use crate::syntax::{
    lexer::Lexed,
    token::{Comment, Kind},
};

/// A comment on a line of its own.
#[derive(Clone, Debug)]
pub(super) struct Note<'a> {
    pub(super) text: &'a str,
    /// Whether a blank line stands before it.
    pub(super) blank: bool,
}

/// A token, or the end of the file.
#[derive(Debug)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    pub(super) kind: Kind,
    /// Where it ends in the source.
    pub(super) end: usize,
    /// Whether it is the first of its line.
    pub(super) leads: bool,
    /// Whether nothing stands between it and the piece before.
    pub(super) touches: bool,
    /// The comments on the lines before it.
    pub(super) notes: Vec<Note<'a>>,
    /// Whether a blank line stands right before it.
    pub(super) blank: bool,
    /// The comment behind it on its line.
    pub(super) remark: Option<&'a str>,
    /// The bracket that belongs to this one.
    pub(super) pair: Option<usize>,
    /// Whether it is left out: a comma that comes and goes with the layout.
    pub(super) gone: bool,
}

impl Piece<'_> {
    /// Whether it has to begin a line for the sake of its comments.
    pub(super) fn noted(&self) -> bool {
        !self.notes.is_empty()
    }
}

/// The pieces of a source; the last one stands for the end and holds the comments there.
pub(super) fn pieces<'a>(source: &'a str, lexed: &Lexed<'a>) -> Vec<Piece<'a>> {
    let mut pieces: Vec<Piece<'a>> = Vec::with_capacity(lexed.tokens.len() + 1);
    let mut comments = lexed.comments.iter().copied().peekable();
    let mut end = 0;
    let blank = |from: usize, to: usize| {
        source.get(from..to).unwrap_or_default().bytes().filter(|byte| *byte == b'\n').count() > 1
    };
    for token in &lexed.tokens {
        let start = token.at.start as usize;
        let touches = end == start;
        let mut notes = Vec::new();
        while let Some(comment) = comments.next_if(|comment| comment.at.start < token.at.start) {
            take(comment, blank(end, comment.at.start as usize), &mut pieces, &mut notes);
            end = comment.at.end as usize;
        }
        pieces.push(Piece {
            text: token.text,
            kind: token.kind,
            end: token.at.end as usize,
            leads: token.leads,
            touches,
            notes,
            blank: blank(end, start),
            remark: None,
            pair: None,
            gone: false,
        });
        end = token.at.end as usize;
    }
    let mut notes = Vec::new();
    for comment in comments {
        take(comment, blank(end, comment.at.start as usize), &mut pieces, &mut notes);
        end = comment.at.end as usize;
    }
    pieces.push(Piece {
        text: "",
        kind: Kind::Symbol,
        end: source.len(),
        leads: true,
        touches: false,
        notes,
        blank: false,
        remark: None,
        pair: None,
        gone: false,
    });
    pair(&mut pieces);
    pieces
}

/// Gives a comment to the piece before it, if it stands on its line, else to the one behind it.
fn take<'a>(comment: Comment<'a>, blank: bool, pieces: &mut [Piece<'a>], notes: &mut Vec<Note<'a>>) {
    match pieces.last_mut().filter(|_| !comment.leads) {
        Some(piece) => piece.remark = Some(comment.text),
        None => notes.push(Note { text: comment.text, blank }),
    }
}

/// Lets brackets know each other.
fn pair(pieces: &mut [Piece<'_>]) {
    let mut open = Vec::new();
    for index in 0..pieces.len() {
        let Some(piece) = pieces.get(index).filter(|piece| piece.kind == Kind::Symbol) else { continue };
        match piece.text {
            "{" | "(" | "[" => open.push(index),
            "}" | ")" | "]" => {
                let Some(other) = open.pop() else { continue };
                for (one, another) in [(index, other), (other, index)] {
                    if let Some(piece) = pieces.get_mut(one) {
                        piece.pair = Some(another);
                    }
                }
            }
            _ => {}
        }
    }
}
