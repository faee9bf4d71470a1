//! White space where it means nothing, by chance: the same tokens, comments and blank lines, laid out otherwise.

use lang::{Lexeme, lexemes};

/// Chance that is the same for the same seed.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn spaces(&mut self, least: u64) -> String {
        " ".repeat((least + self.below(6)) as usize)
    }
}

/// Words that no step, rule or line begins with, so that they may begin a line in the middle of one.
const GOES_ON: &[&str] = &[
    "and", "or", "in", "then", "else", "where", "within", "with", "up", "to", "as", "since", "returns",
    "times", "via",
];

/// Words and symbols behind which a line may end, whatever follows.
const UNFINISHED: &[&str] = &[
    "{", "(", "[", ",", ":", "=", "=>", "->", "and", "or", "where", "==", "!=", "<", "<=", ">", ">=", "+",
    "*", "??", "then", "|", "in", "with",
];

/// Lays a source out by chance.
pub(crate) fn respace(source: &str, chance: &mut Chance) -> String {
    let tokens = lexemes(source);
    let place = |token: &Lexeme<'_>| token.text.as_ptr() as usize - source.as_ptr() as usize;
    let mut out = String::new();
    let mut end = 0;
    let bodies = bodies(&tokens);
    for (index, token) in tokens.iter().enumerate() {
        let start = place(token);
        let gap = &source[end..start];
        let first = start == 0 || source.as_bytes()[start - 1] == b'\n';
        let text = |at: usize| tokens.get(at).map_or("", |token| token.text);
        let before = index.checked_sub(1).map_or("", text);
        if index == 0 || first || gap.contains("//") || gap.matches('\n').count() > 1 {
            out.push_str(&indented(gap, first, chance));
        } else if bodies[index] {
            // In a body, what touches stays together, but for commas and colons.
            let apart = !gap.is_empty() || matches!(token.text, "," | ":") || matches!(before, "," | ":");
            if apart {
                out.push_str(&anything(chance, 1));
            }
        } else if gap.contains('\n') {
            let free = UNFINISHED.contains(&before)
                || GOES_ON.contains(&token.text)
                || matches!(token.text, "}" | ")" | "]" | ".")
                || (token.kind == 'w' && text(index + 1) == ":" && before != "}");
            out.push_str(&if free { anything(chance, 1) } else { format!("\n{}", chance.spaces(1)) });
        } else {
            let same_line = matches!(before, "exit" | "call" | "send" | "no" | "tomorrow" | "next" | ".")
                || matches!(token.text, "(" | "[" | "after" | "." | "?.")
                || (before == "else" && token.text == "=>");
            let call = matches!(token.text, "." | "?.")
                && text(index + 2) == "("
                && !["on", "for", "{"].contains(&text(index - 2));
            let free = call
                || (!same_line
                    && (UNFINISHED.contains(&before)
                        || GOES_ON.contains(&token.text)
                        || (token.kind == 's' && token.text != "{")));
            let least = u64::from(!gap.is_empty());
            // A keyword that stands where a name could is one here: it may not begin a line.
            let word = token.kind == 'w' && matches!(before, "{" | "=>" | "with");
            out.push_str(&if free && !word { anything(chance, least) } else { chance.spaces(least) });
        }
        out.push_str(token.text);
        end = start + token.text.len();
    }
    out + &source[end..]
}

/// Puts comments between some of the tokens, behind them or on lines of their own.
pub(crate) fn annotate(source: &str, chance: &mut Chance) -> String {
    let mut out = String::new();
    let mut end = 0;
    for (index, token) in lexemes(source).iter().enumerate() {
        let start = token.text.as_ptr() as usize - source.as_ptr() as usize;
        let gap = &source[end..start];
        out.push_str(gap);
        if index > 0 && !gap.is_empty() && !gap.contains("//") && chance.below(12) == 0 {
            let line = if chance.below(2) == 0 { "\n " } else { "" };
            out.push_str(&format!("{line} // note {index}\n"));
            // What stands in the first column begins a declaration.
            let first = start == 0 || source.as_bytes()[start - 1] == b'\n';
            out.push_str(if first { "" } else { " " });
        }
        out.push_str(token.text);
        end = start + token.text.len();
    }
    out + &source[end..]
}

fn anything(chance: &mut Chance, least: u64) -> String {
    match chance.below(3) {
        0 => format!("\n{}", chance.spaces(1)),
        1 => chance.spaces(least),
        _ => " ".repeat(least as usize),
    }
}

/// The same lines, indented by chance, the last one unless it begins a declaration.
fn indented(gap: &str, first: bool, chance: &mut Chance) -> String {
    let mut lines: Vec<String> = gap.split('\n').map(|line| line.trim().to_owned()).collect();
    let last = lines.len() - 1;
    for (index, line) in lines.iter_mut().enumerate() {
        if !(index == last && (first || last == 0)) {
            *line = chance.spaces(1) + line;
        }
    }
    lines.join("\n")
}

/// Whether each token is part of a JSON body, behind its first bracket.
fn bodies(tokens: &[Lexeme<'_>]) -> Vec<bool> {
    let mut inside = vec![false; tokens.len()];
    let mut depth = 0;
    for index in 1..tokens.len() {
        inside[index] = depth > 0;
        match tokens[index].text {
            "{" | "[" if depth > 0 || (tokens[index - 1].text == "json" && tokens[index].kind == 's') => {
                depth += 1
            }
            "}" | "]" if depth > 0 => depth -= 1,
            _ => {}
        }
    }
    inside
}
