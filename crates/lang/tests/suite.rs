//! The specification pages in `tests/suite/lang`: every ```journey block is compiled and must give exactly the
//! diagnostics that its comments announce, `// error: code "part of the message"` at the end of the line they are on.
//! A ```diagnostics block after it holds the drawing, which may also be all that is announced.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot read its files has failed"
)]

use std::path::{Path, PathBuf};

use lang::{Source, compile, draw};

struct Case {
    line: usize,
    text: String,
    drawn: Option<String>,
}

fn pages() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/suite/lang");
    let mut pages: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    pages.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    pages.sort();
    pages
}

fn cases(page: &str) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let block = line.strip_prefix("```");
        let Some(kind) = block.filter(|kind| !kind.is_empty()) else { continue };
        let body: Vec<&str> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
        match kind {
            "journey" => cases.push(Case { line: number + 2, text: body.join("\n") + "\n", drawn: None }),
            "diagnostics" => cases.last_mut().unwrap().drawn = Some(body.join("\n") + "\n"),
            _ => {}
        }
    }
    cases
}

/// The announced diagnostics: line, code, part of the message.
fn announced(text: &str) -> Vec<(usize, String, String)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        for comment in line.split("// error: ").skip(1) {
            let (code, rest) = comment.split_once(' ').unwrap_or((comment, ""));
            let part = rest.trim().trim_start_matches('"');
            let part = part.rsplit_once('"').map_or(part, |(part, _)| part);
            found.push((index + 1, code.trim().to_owned(), part.to_owned()));
        }
    }
    found
}

/// Blocks are short: what they leave out is put in front.
const PRELUDE: &str = include_str!("../../../tests/suite/lang/prelude.journey");

fn sources(text: &str) -> Vec<Source> {
    let mut sources = vec![Source { name: "page".into(), text: text.to_owned() }];
    if !text.contains("profile {") && !text.contains("// alone") {
        sources.push(Source { name: "prelude".into(), text: PRELUDE.into() });
    }
    sources
}

#[test]
fn pages_mean_what_they_say() {
    let (mut wrong, mut count) = (Vec::new(), 0);
    for path in pages() {
        let page = std::fs::read_to_string(&path).unwrap();
        for case in cases(&page) {
            count += 1;
            let sources = sources(&case.text);
            let compiled = compile(&sources);
            assert_eq!(compiled.project.is_some(), compiled.diagnostics.is_empty());
            let place = format!("{}:{}", path.file_name().unwrap().to_string_lossy(), case.line);
            let drawn = draw(&compiled.diagnostics, &sources, false);
            let mut expected = announced(&case.text);
            let by_drawing = expected.is_empty() && case.drawn.is_some();
            for diagnostic in &compiled.diagnostics {
                let line = case.text[..diagnostic.span.start.min(case.text.len())].matches('\n').count() + 1;
                let found = expected.iter().position(|(at, code, part)| {
                    diagnostic.file == "page"
                        && *at == line
                        && code == diagnostic.code.word()
                        && diagnostic.message.contains(part)
                });
                match found {
                    _ if by_drawing => {}
                    Some(index) => drop(expected.remove(index)),
                    None => wrong.push(format!(
                        "{place}: not announced\n{}",
                        draw(std::slice::from_ref(diagnostic), &sources, false)
                    )),
                }
            }
            for missing in expected {
                wrong.push(format!(
                    "{place}: line {} should give {} \"{}\"; it gives\n{drawn}",
                    missing.0, missing.1, missing.2
                ));
            }
            if let Some(expected) = case.drawn
                && expected.trim_end() != drawn.trim_end()
            {
                wrong.push(format!("{place}: drawn otherwise\n{drawn}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count >= 15, "{count}");
}
