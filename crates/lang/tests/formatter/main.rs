//! The formatter has one style: over every journey text of the repository, what it gives is formatted, says the same, and
//! does not depend on how the author laid it out.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test that cannot read its files has failed"
)]

mod respace;

use std::path::{Path, PathBuf};

use lang::{Source, compile, format, lexemes};
use respace::{Chance, annotate, respace};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

fn source(name: &str, text: &str) -> Source {
    Source { name: name.into(), text: text.into() }
}

/// Every text of the repository that is one of the language and parses: files, blocks of pages, what the fuzzer kept.
fn texts() -> Vec<Source> {
    let mut paths = Vec::new();
    for folder in ["journeys", "docs", "tests/suite", "crates/cli/templates", "crates/lang/fuzz/corpus"] {
        files(&root().join(folder), &mut paths);
    }
    paths.push(root().join("README.md"));
    paths.sort();
    let mut texts = Vec::new();
    for path in paths {
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        if name.ends_with(".toml") {
            continue;
        }
        if name.ends_with(".md") {
            let mut line = 1;
            for part in text.split_inclusive("```journey\n") {
                let block = part.split_once("```").map(|(block, _)| block);
                if let Some(block) = block.filter(|_| line > 1) {
                    texts.push(source(&format!("{name}:{line}"), block));
                }
                line += part.matches('\n').count();
            }
        } else {
            texts.push(source(&name, &text));
        }
    }
    texts.retain(|source| format(source).is_ok());
    assert!(texts.len() > 150, "{}", texts.len());
    texts
}

/// Pages of what the formatter gets, each block followed by what it gives.
#[test]
fn pages_show_what_becomes_of_what() {
    let page = std::fs::read_to_string(root().join("tests/suite/format/layout.md")).unwrap();
    let mut pairs = 0;
    for pair in page.split("```journey\n").skip(1) {
        let (before, after) = pair.split_once("```\n\n```formatted\n").unwrap();
        let after = after.split("```").next().unwrap();
        assert_eq!(format(&source("page", before)).unwrap(), after);
        pairs += 1;
    }
    assert!(pairs >= 5, "{pairs}");
}

#[test]
fn what_users_read_is_formatted() {
    let read = ["journeys/", "docs/", "README.md", "crates/cli/templates/"];
    let texts: Vec<Source> =
        texts().into_iter().filter(|text| read.iter().any(|folder| text.name.starts_with(folder))).collect();
    assert!(texts.len() > 40, "{}", texts.len());
    for text in texts {
        assert_eq!(format(&text).unwrap(), text.text, "{}", text.name);
    }
}

/// What a text compiles to, as far as it does not tell of places and white space.
fn meaning(text: &str) -> (Vec<String>, Vec<String>) {
    let compiled = compile(&[source("text", text)]);
    let journeys = compiled.project.iter().flat_map(|project| project.journeys.values());
    let versions = journeys.map(|journey| journey.source.split([' ', '\n', ',']).collect()).collect();
    (versions, compiled.diagnostics.iter().map(|diagnostic| diagnostic.message.clone()).collect())
}

#[test]
fn formatting_twice_is_formatting_once() {
    for text in texts() {
        let once = format(&text).unwrap();
        assert_eq!(format(&source("again", &once)).unwrap(), once, "{}", text.name);
    }
}

#[test]
fn what_is_formatted_says_the_same() {
    for text in texts() {
        let formatted = format(&text).unwrap();
        let tokens = |text: &str| -> Vec<String> {
            lexemes(text)
                .iter()
                .filter(|token| token.text != ",")
                .map(|token| token.text.to_owned())
                .collect()
        };
        assert_eq!(tokens(&text.text), tokens(&formatted), "{}", text.name);
        assert_eq!(meaning(&text.text), meaning(&formatted), "{}", text.name);
    }
}

#[test]
fn the_layout_of_the_author_does_not_matter() {
    let mut wrong = Vec::new();
    for text in texts() {
        let expected = format(&text).unwrap();
        for seed in 0..12 {
            let other = respace(&text.text, &mut Chance(seed));
            let given = format(&source("other", &other));
            let Ok(given) = given else {
                wrong.push(format!("{} ({seed}) does not parse:\n{other}\n{given:?}", text.name));
                break;
            };
            if given != expected {
                wrong
                    .push(format!("{} ({seed}):\n{other}\nbecomes\n{given}\nand not\n{expected}", text.name));
                break;
            }
        }
    }
    assert!(wrong.is_empty(), "{} texts\n{}", wrong.len(), wrong[..wrong.len().min(4)].join("\n\n"));
}

#[test]
fn comments_may_stand_anywhere() {
    let (mut count, mut left) = (0, Vec::new());
    for text in texts() {
        for seed in 0..6 {
            let noted = annotate(&text.text, &mut Chance(seed));
            let Ok(once) = format(&source("noted", &noted)) else { continue };
            assert_eq!(format(&source("again", &once)).unwrap(), once, "{} ({seed}):\n{noted}", text.name);
            assert_eq!(once.matches("// note").count(), noted.matches("// note").count(), "{}", text.name);
            count += 1;
            // Two spaces before a note are written by nobody but this test.
            if once == noted && noted.contains("  // note") {
                left.push(noted);
            }
        }
    }
    assert!(count > 500, "{count}");
    assert!(left.is_empty(), "{} of {count} are left as they are, such as\n{}", left.len(), left[0]);
}

/// Commas that may be left out are part of the layout.
#[test]
fn commas_come_and_go_with_the_layout() {
    let formatted = |text: &str| format(&source("text", text)).unwrap();
    assert_eq!(formatted("event e {\n a: int\n b: int }"), "event e { a: int, b: int }\n");
    assert_eq!(formatted("event e { a: int, b: int, }"), "event e { a: int, b: int }\n");
    assert_eq!(formatted("profile { a: int, b: int, }"), "profile {\n  a: int\n  b: int\n}\n");
    // Without the comma, these would be five days, and a value in a list.
    assert_eq!(formatted("profile { a: int = 5, days: int }"), "profile {\n  a: int = 5,\n  days: int,\n}\n");
    assert_eq!(
        formatted("message m via a { n: x, in: [1, 2,] }"),
        "message m via a {\n  n: x,\n  in: [1, 2],\n}\n"
    );
}

/// The same tokens on other lines can be other steps: such line breaks stay.
#[test]
fn lines_part_what_they_part() {
    let text = "test \"t\" {\n  mock a returns 1\n  after 2 seconds\n  mock a returns 1 after 2 seconds\n  expect no call\n}\n";
    assert_eq!(format(&source("text", text)).unwrap(), text);
    let text = "journey j {\n  enter on e\n  if true {\n    exit\n  }\n  exit start\n}\n";
    assert_eq!(format(&source("text", text)).unwrap(), text);
}
