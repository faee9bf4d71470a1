//! Where a line begins, and whether a space stands between two tokens.

use crate::syntax::{
    lexer::Lexed,
    parser::expr::unit,
    token::{Comment, Kind, Token},
};

/// Spaces for each level.
const INDENT: usize = 2;

/// A token or a comment.
enum Item<'a> {
    Token(Token<'a>),
    Comment(Comment<'a>),
    /// A JSON body, from bracket to bracket.
    Json {
        first: Token<'a>,
        last: Token<'a>,
    },
}

impl Item<'_> {
    fn start(&self) -> usize {
        match self {
            Item::Token(token) => token.at.start as usize,
            Item::Comment(comment) => comment.at.start as usize,
            Item::Json { first, .. } => first.at.start as usize,
        }
    }

    fn end(&self) -> usize {
        match self {
            Item::Token(token) => token.at.end as usize,
            Item::Comment(comment) => comment.at.end as usize,
            Item::Json { last, .. } => last.at.end as usize,
        }
    }

    fn text(&self) -> &str {
        match self {
            Item::Token(token) => token.text,
            Item::Comment(comment) => comment.text,
            Item::Json { first, .. } => first.text,
        }
    }
}

/// Writes a file anew.
pub(super) fn write(source: &str, lexed: &Lexed<'_>) -> String {
    let items = items(lexed);
    let mut out = String::with_capacity(source.len());
    let mut depth = 0_usize;
    let mut end = 0;
    for (index, item) in items.iter().enumerate() {
        let between = source.get(end..item.start()).unwrap_or_default();
        let lines = between.matches('\n').count();
        let closes = matches!(item, Item::Token(token) if matches!(token.text, "}" | ")" | "]"));
        if closes {
            depth = depth.saturating_sub(1);
        }
        let indent = INDENT * (depth + usize::from(continues(item, &items, index)));
        if out.is_empty() {
        } else if lines > 0 {
            // Blank lines part what belongs together; more than one says no more, and none stands at an edge.
            let opened = matches!(items.get(index.wrapping_sub(1)), Some(Item::Token(token)) if matches!(token.text, "{" | "(" | "["));
            out.push('\n');
            if lines > 1 && !closes && !opened {
                out.push('\n');
            }
            out.push_str(&" ".repeat(indent));
        } else if let Some(before) = index.checked_sub(1).and_then(|before| items.get(before))
            && spaced(before, item, &items, index, !between.is_empty())
        {
            out.push(' ');
        }
        match item {
            Item::Json { first, last } => out.push_str(&json(source, first, last, line_indent(&out))),
            other => out.push_str(other.text()),
        }
        if matches!(item, Item::Token(token) if matches!(token.text, "{" | "(" | "[")) {
            depth += 1;
        }
        end = item.end();
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

fn line_indent(out: &str) -> usize {
    let line = out.rsplit('\n').next().unwrap_or_default();
    line.len() - line.trim_start_matches(' ').len()
}

/// A JSON body with its inner lines moved by as much as its closing bracket is.
fn json(source: &str, first: &Token<'_>, last: &Token<'_>, indent: usize) -> String {
    let text = source.get(first.at.start as usize..last.at.end as usize).unwrap_or_default();
    let before = source.get(..last.at.start as usize).unwrap_or_default();
    let line = before.rsplit('\n').next().unwrap_or_default();
    if !line.trim().is_empty() || !text.contains('\n') {
        return text.to_owned();
    }
    crate::syntax::template::dedent(text, line.len()).replace('\n', &format!("\n{}", " ".repeat(indent)))
}

fn items<'a>(lexed: &Lexed<'a>) -> Vec<Item<'a>> {
    let mut items = Vec::with_capacity(lexed.tokens.len() + lexed.comments.len());
    let mut comments = lexed.comments.iter().copied().peekable();
    let mut tokens = lexed.tokens.iter().copied().peekable();
    let mut before = "";
    while let Some(token) = tokens.next() {
        while let Some(comment) = comments.next_if(|comment| comment.at.start < token.at.start) {
            items.push(Item::Comment(comment));
        }
        if before == "json" && matches!(token.text, "{" | "[") {
            let mut depth = 1_usize;
            let mut last = token;
            while depth > 0 {
                let Some(next) = tokens.next() else { break };
                match (next.kind, next.text) {
                    (Kind::Symbol, "{" | "[") => depth += 1,
                    (Kind::Symbol, "}" | "]") => depth -= 1,
                    _ => {}
                }
                last = next;
            }
            // Comments in a body are part of its text.
            while comments.next_if(|comment| comment.at.start < last.at.end).is_some() {}
            items.push(Item::Json { first: token, last });
        } else {
            items.push(Item::Token(token));
        }
        before = token.text;
    }
    items.extend(comments.map(Item::Comment));
    items
}

/// Whether a line that begins with this goes on with the expression before it.
fn continues(item: &Item<'_>, items: &[Item<'_>], index: usize) -> bool {
    let Item::Token(token) = item else { return false };
    let before = index.checked_sub(1).and_then(|before| items.get(before)).map_or("", Item::text);
    let operator = matches!(
        token.text,
        "and" | "or" | "??" | "+" | "*" | "/" | "." | "?." | "==" | "!=" | "then" | "where"
    ) || (token.text == "else" && before != "}");
    // An expression also goes on behind an operator that ended the line before.
    let unfinished = matches!(before, "=" | "and" | "or" | "??" | "+" | "*" | "/" | "==" | "!=");
    (operator && !matches!(before, "{" | ",")) || unfinished
}

/// Whether a space stands before `item`; `was` says whether one did.
fn spaced(before: &Item<'_>, item: &Item<'_>, items: &[Item<'_>], index: usize, was: bool) -> bool {
    if matches!(before, Item::Comment(_)) || matches!(item, Item::Comment(_) | Item::Json { .. }) {
        return true;
    }
    let (Item::Token(item), left) = (item, before.text()) else { return true };
    let word_before = matches!(before, Item::Token(token) if token.kind == Kind::Word);
    let number_before = matches!(before, Item::Token(token) if token.kind == Kind::Number);
    match (left, item.text) {
        ("{", "}") | ("(" | "[" | "." | "?.", _) => false,
        (_, ")" | "]" | "," | "." | "?.") => false,
        // `09:00`, `re-enter`, and `50%` in a split stay as tight as they were.
        (_, ":") => false,
        (":", _) if item.kind == Kind::Number => was,
        (_, "%") if number_before => was,
        ("re", "-") => false,
        ("-", "enter") => was,
        (_, "?") => false,
        (_, "(" | "[") if word_before => keyword(left) || (item.text == "[" && left == "in"),
        (_, "(" | "[") if matches!(left, ")" | "]") => was,
        ("-", _) => !prefix(items, index),
        _ if number_before && item.kind == Kind::Word && unit(item.text).is_some() => {
            // `2s` and `2 seconds`: short units stand close, words apart.
            item.text.chars().count() > 2
        }
        _ => true,
    }
}

fn keyword(word: &str) -> bool {
    matches!(
        word,
        "and"
            | "or"
            | "not"
            | "in"
            | "if"
            | "then"
            | "else"
            | "where"
            | "wait"
            | "until"
            | "to"
            | "after"
            | "give"
            | "elif"
            | "per"
            | "private"
    )
}

/// Whether the `-` before `index` belongs to what follows it.
fn prefix(items: &[Item<'_>], index: usize) -> bool {
    let Some(before) = index.checked_sub(2).and_then(|before| items.get(before)) else { return true };
    match before {
        Item::Token(token) => match token.kind {
            Kind::Number | Kind::Text => false,
            Kind::Word => keyword(token.text),
            Kind::Symbol => !matches!(token.text, ")" | "]" | "}"),
        },
        Item::Comment(_) | Item::Json { .. } => true,
    }
}
