//! Every code has a page, every page a code, and the examples on a page give what they say.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot read its files has failed"
)]

use std::path::Path;

use lang::{Source, codes, compile, draw, explain};

#[test]
fn codes_and_pages_match() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/errors");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().trim_end_matches(".md").to_owned())
        .collect();
    files.sort();
    let mut known: Vec<String> = codes().map(str::to_owned).collect();
    known.sort();
    assert_eq!(files, known);
}

#[test]
fn each_page_shows_a_mistake_with_its_code_and_its_repair() {
    for code in codes() {
        let page = explain(code).unwrap();
        assert!(page.starts_with(&format!("# {code}\n")), "{code}");
        let blocks: Vec<&str> =
            page.split("```journey\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        // A page without blocks tells of what no short example can show.
        if code == "too-deep" || code == "too-large" {
            continue;
        }
        assert_eq!(blocks.len(), 2, "{code}: one block with the mistake, one without");
        let compiled = |text: &str| {
            let prelude = include_str!("../../../tests/suite/lang/prelude.journey");
            let mut sources = vec![Source { name: "page".into(), text: text.into() }];
            if !text.contains("profile {") && code != "missing-profile" {
                sources.push(Source { name: "prelude".into(), text: prelude.into() });
            }
            (compile(&sources).diagnostics, sources)
        };
        let (bad, sources) = compiled(blocks[0]);
        assert!(bad.iter().any(|d| d.code.word() == code), "{code}:\n{}", draw(&bad, &sources, false));
        assert!(bad.iter().all(|d| d.code.word() == code), "{code}:\n{}", draw(&bad, &sources, false));
        let (good, sources) = compiled(blocks[1]);
        assert!(good.is_empty(), "{code}:\n{}", draw(&good, &sources, false));
    }
    assert_eq!(explain("no-such-code"), None);
}
