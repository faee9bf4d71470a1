//! The specification pages in `tests/suite/rehearse`: every test in a ```journey block is played. A line that ends with
//! `// fails: part of the message` must fail with it; every other line holds. The block marked `prelude` stands before
//! all others of its page.

#![allow(clippy::panic, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{fs, path::Path};

use lang::Source;
use rehearse::play;

/// The blocks of a page, each with the line it begins on, and the prelude.
fn blocks(page: &str) -> (String, Vec<(usize, String)>) {
    let (mut prelude, mut blocks) = (String::new(), Vec::new());
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let Some(kind) = line.strip_prefix("```journey") else { continue };
        let body: Vec<&str> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        let body = body.join("\n") + "\n";
        match kind.trim() {
            "prelude" => prelude = body,
            _ => blocks.push((number + 2, body)),
        }
    }
    (prelude, blocks)
}

fn line_of(text: &str, byte: usize) -> usize {
    text[..byte].matches('\n').count()
}

/// What each test of a block must fail with, if it must.
fn announced(text: &str, from: usize, to: usize) -> Option<(usize, &str)> {
    let lines = text.lines().enumerate().skip(from).take(to - from + 1);
    lines.filter_map(|(number, line)| Some((number, line.split_once("// fails: ")?.1.trim()))).next()
}

fn check(page: &str, prelude: &str, line: usize, text: &str) -> usize {
    let place = format!("{page}:{line}");
    let sources = [
        Source { name: "prelude.journey".into(), text: prelude.into() },
        Source { name: place.clone(), text: text.into() },
    ];
    let compiled = lang::compile(&sources);
    let drawn = lang::draw(&compiled.diagnostics, &sources, false);
    let project = compiled.project.unwrap_or_else(|| panic!("{place}\n{drawn}"));
    assert!(!compiled.tests.is_empty(), "{place}: a block without tests shows nothing");
    for test in &compiled.tests {
        let span = test.place.1;
        let wanted = announced(text, line_of(text, span.start), line_of(text, span.end));
        for played in play(&project, test) {
            match (&played.failure, wanted) {
                (None, None) => {}
                (Some(failure), Some((line, part))) => {
                    assert_eq!(line_of(text, failure.span.start), line, "{place}: {failure:?}");
                    assert!(failure.message.contains(part), "{place}: {failure:?}");
                }
                (found, wanted) => panic!("{place}: `{}`: {found:?} instead of {wanted:?}", test.name),
            }
        }
    }
    compiled.tests.len()
}

#[test]
fn every_page_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/suite/rehearse");
    let mut played = 0;
    for page in fs::read_dir(folder).unwrap() {
        let path = page.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let (prelude, blocks) = blocks(&text);
        for (line, block) in blocks {
            played += check(&path.display().to_string(), &prelude, line, &block);
        }
    }
    assert!(played > 10, "only {played} tests were found");
}
