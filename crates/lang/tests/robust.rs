//! Nothing that comes in makes the compiler panic, overflow a stack of 2 MiB, or take long.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot read its files has failed"
)]

use std::time::{Duration, Instant};

use lang::{Source, codes, compile, draw, format, to_json};
use proptest::prelude::*;

/// Compiles, draws and formats on a small stack; gives the codes of the diagnostics.
fn small(text: String) -> (Vec<String>, Option<graph::Project>) {
    let work = move || {
        let sources = [Source { name: "input".into(), text }];
        let started = Instant::now();
        let compiled = compile(&sources);
        let few = &compiled.diagnostics[..compiled.diagnostics.len().min(20)];
        let _ = (draw(few, &sources, false), to_json(few, &sources), format(&sources[0]));
        assert!(started.elapsed() < Duration::from_secs(40), "took {:?}", started.elapsed());
        (compiled.diagnostics.iter().map(|d| d.code.word().to_owned()).collect(), compiled.project)
    };
    std::thread::Builder::new().stack_size(2 * 1024 * 1024).spawn(work).unwrap().join().unwrap()
}

fn journey(steps: &str) -> String {
    format!("profile {{ id: string key }}\nevent e {{ n: int }}\njourney j {{\n  enter on e\n{steps}\n}}\n")
}

#[test]
fn fifty_thousand_steps_compile() {
    let (found, project) = small(journey(&"  wait 1 hour\n".repeat(50_000)));
    assert!(found.is_empty(), "{:?}", &found[..1]);
    assert_eq!(project.unwrap().journeys["j"].graph.node_count(), 50_001);
}

#[test]
fn twenty_thousand_ifs_in_a_chain_compile() {
    let (found, _) = small(journey(&format!(
        "  if event.n == 0 {{ exit }}\n{}",
        "  else if event.n == 1 { exit }\n".repeat(20_000)
    )));
    assert!(found.is_empty(), "{:?}", &found[..1]);
}

#[test]
fn what_is_nested_too_deeply_is_refused() {
    let deep = 100_000;
    for text in [
        format!("  let x = {}1{}", "(".repeat(deep), ")".repeat(deep)),
        format!("  let x = {}1", "-".repeat(deep)),
        format!("  let x = {}true", "not ".repeat(deep)),
        format!("  let x = {}1{}", "[".repeat(deep), "]".repeat(deep)),
        format!("  let x = {}1{}", "{a:".repeat(deep), "}".repeat(deep)),
        format!("  let x = 1{}", " + 1".repeat(deep)),
        format!("  let x = event{}", ".n".repeat(deep)),
        format!("  let x = {}1", "if true then 1 else ".repeat(deep)),
        format!("  let x = {}", "min(".repeat(deep)),
        format!("  let x = [1]{}", ".map(a => [1]".repeat(deep)),
        format!("{}exit{}", "if true {\n".repeat(deep), "}\n".repeat(deep)),
        "wait for first of { e => {\n".repeat(deep),
        "split \"s\" { 50% {\n".repeat(deep),
        "repeat 2 times {\n".repeat(deep),
        "match 1 { 1 => {\n".repeat(deep),
        format!("{}wait 1 hour{}", "repeat 2 times {\n".repeat(63), "}\n".repeat(63)) + "\nlet x = y",
        format!("{}wait 1 hour{}", "match 1 { 1 => {\n".repeat(63), "} else => {} }\n".repeat(63))
            + "\nlet x = y",
        format!("  let x = {}", "\"{{ ".repeat(deep)),
        format!("  let x = \"{}\"", "{% if true %}".repeat(deep)),
        format!(
            "let x = {}",
            (0..15).fold("1".to_owned(), |inner, _| format!("\"{{{{ {inner}{} }}}}\"", " + 1".repeat(150)))
        ),
    ] {
        let start: String = text.chars().take(60).collect();
        let (found, project) = small(journey(&text));
        assert!(project.is_none() && !found.is_empty(), "{start}");
        assert!(found.len() < 2_000, "{start}: {} diagnostics", found.len());
    }
    for text in [
        format!("type A = {}int{}", "[".repeat(deep), "]".repeat(deep)),
        format!("type A = {}", "{ a: ".repeat(deep)),
        (1..2_000)
            .fold("type A0 = { x: int }\n".to_owned(), |all, n| all + &format!("type A{n} = [A{}]\n", n - 1)),
        (1..40).fold("type A0 = { x: int }\n".to_owned(), |all, n| {
            all + &format!("type A{n} = {{ a: A{}, b: A{} }}\n", n - 1, n - 1)
        }) + "profile { id: string key }\nevent e { a: A39, b: A38 }\njourney j { enter on e where event.a == event.b exit }",
        format!("action a {{ POST c \"/\" json {}{} }}", "[".repeat(deep), "]".repeat(deep)),
        "type A = {".repeat(deep),
        "journey j {".repeat(deep),
    ] {
        let start: String = text.chars().take(60).collect();
        let (found, _) = small(text);
        assert!(!found.is_empty(), "{start}");
    }
}

#[test]
fn what_is_just_allowed_fits_the_stack() {
    let sum = format!("1{}", " + 1".repeat(150));
    let (found, _) =
        small(journey(&format!("{} let x = {sum} {}", "if true {\n".repeat(60), "}\n".repeat(60))));
    assert!(found.is_empty(), "{found:?}");
    let (found, _) = small(journey(&format!("let x = {}{sum}{}", "[".repeat(8), "]".repeat(8))));
    assert!(found.is_empty(), "{found:?}");
    let (found, _) = small(journey(&format!(
        "{} let x = {}1{} {}",
        "if true {\n".repeat(30),
        "(".repeat(30),
        ")".repeat(30),
        "}\n".repeat(30)
    )));
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn large_and_unfinished_inputs_are_answered() {
    let megabyte = 1_000_000;
    let (found, _) = small(journey(&format!("  let x = \"{}\"", "a".repeat(megabyte))));
    assert!(found.is_empty(), "{found:?}");
    for text in [
        "\"".to_owned() + &"a".repeat(megabyte),
        "\"{{".repeat(megabyte / 3),
        "{".repeat(megabyte),
        "}".repeat(megabyte),
        "\n\"".repeat(100_000),
        "é".repeat(megabyte / 2),
        "\u{1}".repeat(megabyte / 2),
        "/".repeat(megabyte),
        "journey".to_owned(),
        journey(&"  wait until\n  let = 1\n".repeat(20_000)),
        journey(&"  let a = b\n".repeat(20_000)),
        format!(
            "profile {{\n{}}}",
            (0..30_000).map(|n| format!("  /// doc\n  f{n}: int\n")).collect::<String>()
        ),
        "journey j { enter on e where \"{{ x".into(),
        "action a { POST c \"/x\" json { \"a\": {{ x".into(),
        "action a { POST c \"/x\" json { \"a\": {% if".into(),
        "profile { id: string".into(),
        "connection c { url: ".into(),
        "event e \"".into(),
        "\\".into(),
    ] {
        small(text);
    }
}

const WORDS: &[&str] = &[
    "profile",
    "event",
    "type",
    "connection",
    "action",
    "message",
    "webhook",
    "verify",
    "sns",
    "delivered",
    "when",
    "journey",
    "enter",
    "on",
    "exit",
    "wait",
    "for",
    "first",
    "of",
    "until",
    "call",
    "send",
    "if",
    "else",
    "split",
    "let",
    "or",
    "and",
    "not",
    "in",
    "where",
    "as",
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ",",
    ":",
    ".",
    "?.",
    "??",
    "=>",
    "->",
    "==",
    "<",
    "+",
    "-",
    "*",
    "%",
    "=",
    "?",
    "|",
    "1",
    "50",
    "2.5",
    "\"a\"",
    "\"{{ x }}\"",
    "\"{% if x %}\"",
    "\"",
    "{{",
    "}}",
    "{%",
    "%}",
    "x",
    "e",
    "string",
    "key",
    "json",
    "GET",
    "days",
    "hour",
    "up",
    "to",
    "after",
    "tomorrow",
    "at",
    "next",
    "cron",
    "holdout",
    "give",
    "error",
    "failure",
    "one",
    "per",
    "re",
    "null",
    "true",
    "\n",
    "\n\n",
    "// c\n",
    "/// d\n",
    "é",
    "'",
    "url",
    "auth",
    "basic",
    "secret",
    "env",
    "retry",
    "timeout",
    "concurrency",
    "throttle",
    "cap",
    "refused",
    "breaker",
    "smtp",
    "from",
    "dkim",
    "form",
    "multipart",
    "named",
    "nothing",
    "xml",
];

fn shipped() -> String {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../journeys");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.is_file());
    files.sort();
    files.iter().map(|path| std::fs::read_to_string(path).unwrap() + "\n").collect()
}

fn holds(text: &str) {
    let sources = [Source { name: "input".into(), text: text.into() }];
    let compiled = compile(&sources);
    assert_eq!(compiled.project.is_some(), compiled.diagnostics.is_empty());
    for diagnostic in &compiled.diagnostics {
        assert!(codes().any(|code| code == diagnostic.code.word()));
        assert!(
            diagnostic.span.start <= diagnostic.span.end && diagnostic.span.end <= text.len(),
            "{diagnostic:?}"
        );
        assert!(!diagnostic.message.is_empty() && !diagnostic.message.ends_with('.'), "{diagnostic:?}");
    }
    let _ = (draw(&compiled.diagnostics, &sources, true), to_json(&compiled.diagnostics, &sources));
    if let Ok(formatted) = format(&sources[0]) {
        let again = format(&Source { name: "again".into(), text: formatted.clone() }).unwrap();
        assert_eq!(again, formatted, "formatting twice");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}") {
        holds(&text);
    }

    #[test]
    fn any_soup_of_tokens_is_answered(words in prop::collection::vec(prop::sample::select(WORDS), 0..120), close in any::<bool>()) {
        holds(&words.join(if close { "" } else { " " }));
    }

    #[test]
    fn any_steps_of_soup_are_answered(words in prop::collection::vec(prop::sample::select(WORDS), 0..60)) {
        holds(&journey(&words.join(" ")));
    }

    #[test]
    fn mutated_journeys_are_answered(cuts in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..12, prop::sample::select(WORDS)), 1..6)) {
        let mut text = shipped();
        for (at, length, word) in cuts {
            let mut start = at.index(text.len());
            while !text.is_char_boundary(start) { start -= 1; }
            let mut end = (start + length).min(text.len());
            while !text.is_char_boundary(end) { end += 1; }
            text.replace_range(start..end, word);
        }
        holds(&text);
    }
}
