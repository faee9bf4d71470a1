//! The manuals: every ```journey block of one compiles, together with all others on its page.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that cannot read its files has failed"
)]

use std::collections::BTreeSet;

use lang::{Source, compile, draw, format};

const MANUAL: &str = include_str!("../../../docs/language.md");
const CONNECTIONS: &str = include_str!("../../../docs/connections.md");
const WEBHOOKS: &str = include_str!("../../../docs/webhooks.md");
const MESSAGES: &str = include_str!("../../../docs/messages.md");

#[test]
fn every_example_compiles_and_is_formatted() {
    assert!(compile_all(MANUAL) >= 12);
    assert!(compile_all(CONNECTIONS) >= 4);
    assert!(compile_all(MESSAGES) >= 1);
    assert!(compile_all(WEBHOOKS) >= 2);
}

/// How many examples a page has.
fn compile_all(page: &str) -> usize {
    let blocks: Vec<&str> =
        page.split("```journey\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    let all: Vec<Source> = blocks
        .iter()
        .enumerate()
        .map(|(index, text)| Source { name: format!("block-{}", index + 1), text: (*text).to_owned() })
        .collect();
    let compiled = compile(&all);
    assert!(compiled.diagnostics.is_empty(), "{}", draw(&compiled.diagnostics, &all, false));
    for source in &all {
        assert_eq!(format(source).unwrap(), source.text, "{}", source.name);
    }
    blocks.len()
}

#[test]
fn every_name_in_a_connection_is_known_to_be_needed() {
    let page = include_str!("../../../tests/suite/lang/connections.md");
    let blocks = [CONNECTIONS, page].into_iter().flat_map(|page| page.split("```journey\n").skip(1));
    let blocks = blocks.filter_map(|rest| rest.split("```").next()).filter(|text| !text.contains("// error"));
    let mut names = 0;
    for text in blocks {
        let compiled = compile(&[Source { name: "block".into(), text: text.to_owned() }]);
        let Some(project) = compiled.project else { continue };
        let needed: BTreeSet<&str> =
            project.connections.values().flat_map(|one| one.variables()).map(|name| &**name).collect();
        let after = ["env(\"", "secret(\""].into_iter().flat_map(|call| text.split(call).skip(1));
        let written: BTreeSet<&str> = after.filter_map(|rest| rest.split('"').next()).collect();
        assert_eq!(needed, written, "{text}");
        names += written.len();
    }
    assert!(names > 20, "{names}");
}

#[test]
fn every_code_is_listed() {
    for code in lang::codes() {
        assert!(MANUAL.contains(&format!("`{code}`")), "{code}");
    }
}

#[test]
fn the_examples_of_the_library_have_types() {
    for function in graph::library::all() {
        for (example, _) in function.examples {
            let text = format!(
                "profile {{ id: string key }}\nevent e {{}}\njourney j {{\n  enter on e\n  let x = {example}\n}}\n"
            );
            let sources = [Source { name: "example".into(), text }];
            let compiled = compile(&sources);
            assert!(compiled.diagnostics.is_empty(), "{}", draw(&compiled.diagnostics, &sources, false));
        }
    }
}
