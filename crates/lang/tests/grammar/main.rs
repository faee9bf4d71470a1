//! `docs/grammar.md` and the parser are equal: the parser reads every sentence of the grammar, the grammar has every file
//! of ours, what the parser refuses is no sentence, and both have the same words.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unreachable,
    reason = "a test that cannot read its files has failed"
)]

mod ebnf;
mod recognise;
mod sentences;

use std::{collections::BTreeSet, path::Path};

use ebnf::Form;
use lang::{Source, compile, draw, format, lexemes};
use recognise::Token;

const PAGE: &str = include_str!("../../../../docs/grammar.md");

/// Codes of what no text that follows the grammar may give.
const REFUSED: [&str; 3] = ["syntax", "unexpected-character", "unterminated-string"];

/// The tokens that a literal of the grammar stands for: `re-enter` is three of them.
fn tokens_of_literal(text: &str) -> Vec<String> {
    if text == "\"" {
        return vec![text.to_owned()];
    }
    lexemes(text).iter().map(|lexeme| lexeme.text.to_owned()).collect()
}

/// The tokens of a source, its texts taken apart into quotes, characters and what is in their holes.
fn tokens(text: &str) -> Vec<Token> {
    let mut made = Vec::new();
    for lexeme in lexemes(text) {
        if lexeme.kind == 't' && lexeme.text.starts_with('"') && lexeme.text.ends_with('"') {
            made.push(Token { text: "\"".into(), kind: 's', leads: lexeme.leads });
            template(&lexeme.text[1..lexeme.text.len() - 1], &mut made);
            made.push(Token { text: "\"".into(), kind: 's', leads: false });
        } else {
            made.push(Token { text: lexeme.text.into(), kind: lexeme.kind, leads: lexeme.leads });
        }
    }
    made
}

fn template(text: &str, made: &mut Vec<Token>) {
    let (mut at, mut plain) = (0, false);
    let bytes = text.as_bytes();
    while at < bytes.len() {
        let close = match (bytes[at], bytes.get(at + 1)) {
            (b'{', Some(b'{')) => "}}",
            (b'{', Some(b'%')) => "%}",
            (b'\\', Some(_)) => {
                (at, plain) = (at + 2, true);
                continue;
            }
            _ => {
                (at, plain) = (at + 1, true);
                continue;
            }
        };
        if std::mem::take(&mut plain) {
            made.push(Token { text: String::new(), kind: 'c', leads: false });
        }
        let end = hole(text, at + 2, close);
        made.extend(tokens(&text[at..at + 1]));
        made.extend(tokens(&text[at + 1..at + 2]));
        made.extend(tokens(&text[at + 2..end]));
        made.extend(tokens(&text[end..end + 1]));
        made.extend(tokens(&text[end + 1..end + 2]));
        at = end + 2;
    }
    if plain {
        made.push(Token { text: String::new(), kind: 'c', leads: false });
    }
}

/// Where the hole or tag ends whose inside begins at `at`.
fn hole(text: &str, mut at: usize, close: &str) -> usize {
    let mut depth = 0_usize;
    loop {
        let rest = &text[at..];
        if depth == 0 && rest.starts_with(close) {
            return at;
        }
        match rest.as_bytes()[0] {
            b'"' => at = quoted(text, at + 1),
            b'{' => depth += 1,
            b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
        while !text.is_char_boundary(at) {
            at += 1;
        }
    }
}

/// Where the text ends whose inside begins at `at`: its closing quote.
fn quoted(text: &str, mut at: usize) -> usize {
    let bytes = text.as_bytes();
    loop {
        match (bytes[at], bytes[at + 1..].first()) {
            (b'"', _) => return at,
            (b'\\', _) => at += 2,
            (b'{', Some(b'{')) => at = hole(text, at + 2, "}}") + 2,
            (b'{', Some(b'%')) => at = hole(text, at + 2, "%}") + 2,
            _ => at += 1,
        }
    }
}

#[test]
fn the_parser_reads_every_sentence() {
    let (first, rules) = ebnf::read(PAGE);
    let plain = ebnf::plain(&first, &rules);
    let (mut made, mut longest) = (0, 0);
    for seed in 0..1_500 {
        let mut maker = sentences::Maker::new(&rules, seed);
        let Some(text) = maker.sentence("file") else { continue };
        let sources = [Source { name: "sentence".into(), text }];
        let mut found = compile(&sources).diagnostics;
        found.retain(|diagnostic| REFUSED.contains(&diagnostic.code.word()));
        assert!(found.is_empty(), "seed {seed}:\n{}", draw(&found[..1], &sources, false));
        let text = &sources[0].text;
        if seed % 10 == 0 {
            let read = recognise::recognise(&plain, &tokens(text));
            assert!(read.is_ok(), "seed {seed}: the recogniser stops at {read:?} of\n{text}");
        }
        made += 1;
        longest = longest.max(text.len());
    }
    assert!(made > 1_000 && longest > 2_000, "{made} sentences, the longest of {longest} bytes");
}

/// Words that a long line may be broken before.
const GOES_ON: [&str; 14] = [
    "and", "else", "fails", "in", "on", "or", "returns", "then", "until", "up", "via", "where", "with",
    "within",
];

/// The pairs of a word and what stands before it that a formatted text has on two lines, and the original on one, or the
/// other way round: what began a step, and only that, should begin one now.
fn parted(text: &str, formatted: &str) -> Vec<(String, String)> {
    let leads: Vec<bool> =
        lexemes(text).iter().filter(|token| token.text != ",").map(|token| token.leads).collect();
    let (mut found, mut body, mut at) = (Vec::new(), 0, 0);
    for window in lexemes(formatted).windows(3) {
        let [left, word, next] = window else { continue };
        at += usize::from(left.text != ",");
        match word.text {
            "{" | "[" if body > 0 || (left.text == "json" && word.kind == 's') => body += 1,
            "}" | "]" if body > 0 => body -= 1,
            _ => {}
        }
        // Names of fields begin lines of their own.
        let begins = word.kind == 'w' && word.leads && next.text != ":" && body == 0;
        let closed = match left.kind {
            's' => matches!(left.text, "}" | ")" | "]"),
            _ => !GOES_ON.contains(&left.text) && left.text != "not",
        };
        // A step may be alone in a block of one line, and so may fields.
        let joined = leads[at] && !word.leads && word.text != "," && !matches!(left.text, "{" | ",");
        if (begins && closed && !leads[at] && !GOES_ON.contains(&word.text)) || joined {
            found.push((left.text.to_owned(), word.text.to_owned()));
        }
    }
    found
}

/// Sentences made by chance have spaces everywhere: a formatter that gave up would give them back as they are.
#[test]
fn every_sentence_can_be_formatted() {
    let (_, rules) = ebnf::read(PAGE);
    let mut made = 0;
    let kinds = ["file", "journey", "test"];
    for (seed, kind) in (0..300).flat_map(|seed| kinds.map(|kind| (seed, kind))) {
        let Some(text) = sentences::Maker::new(&rules, seed).sentence(kind) else { continue };
        let Ok(once) = format(&Source { name: "sentence".into(), text: text.clone() }) else { continue };
        assert!(once != text || text.len() < 20, "seed {seed} is left as it is:\n{text}");
        let twice = format(&Source { name: "formatted".into(), text: once.clone() });
        assert_eq!(twice.as_ref(), Ok(&once), "seed {seed}, formatted twice:\n{text}");
        let parted = parted(&text, &once);
        assert!(parted.is_empty(), "seed {seed}: a line ends, or not, between {parted:?}:\n{text}\n{once}");
        made += 1;
    }
    assert!(made > 500, "{made} sentences");
}

#[test]
fn our_files_are_sentences_and_what_is_refused_is_none() {
    let (first, rules) = ebnf::read(PAGE);
    let plain = ebnf::plain(&first, &rules);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let (mut wrong, mut good, mut bad) = (Vec::new(), 0, 0);
    for (name, text) in examples(&root) {
        let made = compile(&[Source { name: name.clone(), text: text.clone() }]);
        let refused = made.diagnostics.iter().find(|found| REFUSED.contains(&found.code.word()));
        // The parser refuses more than words in a wrong order: characters, settings by a wrong name, blocks of templates.
        let source = Source { name: name.clone(), text: text.clone() };
        if refused.is_none_or(|found| found.code.word() != "syntax") && format(&source).is_err() {
            continue;
        }
        let tokens = tokens(&text);
        match (recognise::recognise(&plain, &tokens), refused) {
            (Ok(()), None) => good += 1,
            (Err(_), Some(_)) => bad += 1,
            (Ok(()), Some(found)) => {
                wrong.push(format!("{name}: refused ({}), yet a sentence", found.message))
            }
            (Err(at), None) => {
                let near: Vec<&str> =
                    tokens[at.saturating_sub(8)..].iter().take(10).map(|token| token.text.as_str()).collect();
                wrong.push(format!("{name}: no sentence near `{}`", near.join(" ")));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(good > 80 && bad > 10, "{good} sentences, {bad} others");
}

/// Every shipped journey, every block of the manual and of its pages.
fn examples(root: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = [
        "journeys",
        "journeys/std",
        "docs",
        "docs/errors",
        "tests/suite/lang",
        "tests/suite/rehearse",
        "crates/cli/templates",
    ]
    .map(|folder| root.join(folder))
    .to_vec();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            if name.ends_with(".journey") {
                found.push((name, text));
            } else if name.ends_with(".md") {
                let blocks = text.split("```journey\n").skip(1).enumerate();
                found.extend(blocks.map(|(index, rest)| {
                    (format!("{name}, block {}", index + 1), rest.split("```").next().unwrap().to_owned())
                }));
            }
        }
    }
    found
}

/// Words in the parser's sources that are no words of the language.
const NO_WORDS: [&str; 7] = ["||", "&&", "===", "!==", "<>", "!", "item"];

#[test]
fn the_grammar_and_the_parser_have_the_same_words() {
    let (_, rules) = ebnf::read(PAGE);
    let mut written: BTreeSet<String> = BTreeSet::new();
    for form in rules.values() {
        form.visit(&mut |form| {
            if let Form::Literal(text) = form {
                written.extend(tokens_of_literal(text));
            }
        });
    }
    let mut known: BTreeSet<String> = ["\"".to_owned()].into();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/syntax");
    let mut files = vec![folder.join("template.rs"), folder.join("ast/expr.rs")];
    files.extend(std::fs::read_dir(folder.join("parser")).unwrap().map(|entry| entry.unwrap().path()));
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let text = text.split("#[cfg(test)]").next().unwrap();
        let code: String = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
        for word in literals(&code) {
            let tokens = lexemes(word);
            let one = tokens.len() == 1 && tokens[0].text == word && "ws".contains(tokens[0].kind);
            if one && !NO_WORDS.contains(&word) {
                known.insert(word.to_owned());
            }
        }
    }
    known.extend(graph::ErrorKind::ALL.into_iter().map(|kind| kind.word().to_owned()));
    known.extend(graph::Inside::ALL.into_iter().map(|policy| policy.word().to_owned()));
    let missing: Vec<_> = known.difference(&written).collect();
    assert!(missing.is_empty(), "the parser has words that docs/grammar.md has not: {missing:?}");
    let invented: Vec<_> = written.difference(&known).collect();
    assert!(invented.is_empty(), "docs/grammar.md has words that the parser has not: {invented:?}");
}

/// The quoted texts of Rust code that hold no escapes.
fn literals(code: &str) -> Vec<&str> {
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(open) = code[at..].find('"').map(|open| at + open) {
        if code[..open].ends_with('\'') {
            at = open + 1;
            continue;
        }
        let mut end = open + 1;
        while code.as_bytes()[end] != b'"' {
            end += if code.as_bytes()[end] == b'\\' { 2 } else { 1 };
        }
        found.push(&code[open + 1..end]);
        at = end + 1;
    }
    found
}
