//! The kits that ship with the language: each stands alone, has no mistakes, and becomes a part of the versions that use
//! it and of no others.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot read its files has failed"
)]

use std::{collections::BTreeMap, path::Path};

use graph::Project;
use lang::{Source, compile, draw, editor::Thing, format, kit, kits};

const PROFILE: &str = "profile { customerId: string key }\n";

/// The page with a test for every action of every kit.
const PAGE: &str = include_str!("../../../tests/suite/rehearse/std.md");

fn compiled(texts: &[&str]) -> Project {
    let named = texts.iter().enumerate();
    let sources: Vec<Source> = named
        .map(|(number, text)| Source { name: format!("file-{number}"), text: (*text).to_owned() })
        .collect();
    let compiled = compile(&sources);
    assert!(compiled.diagnostics.is_empty(), "{}", draw(&compiled.diagnostics, &sources, false));
    compiled.project.unwrap()
}

#[test]
fn every_file_of_the_folder_is_a_kit() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../journeys/std");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().trim_end_matches(".journey").to_owned())
        .collect();
    files.sort();
    let names: Vec<&str> = kits().iter().map(|kit| kit.name).collect();
    assert_eq!(files, names);
    assert_eq!(kit("slack").unwrap().name, "slack");
    assert_eq!(kit("pigeon"), None);
}

#[test]
fn each_compiles_alone_and_with_all_others() {
    let mut uses = PROFILE.to_owned();
    for kit in kits() {
        let path = format!("use \"std/{}\"\n", kit.name);
        assert!(!compiled(&[PROFILE, &path]).actions.is_empty(), "{}", kit.name);
        assert!(!compiled(&[kit.text]).actions.is_empty(), "{}", kit.name);
        let source = Source { name: kit.name.into(), text: kit.text.into() };
        assert_eq!(format(&source).unwrap(), kit.text, "{}", kit.name);
        uses.push_str(&path);
    }
    assert!(compiled(&[&uses]).actions.len() >= 25);
}

#[test]
fn each_says_what_it_is_and_keeps_to_its_names() {
    for kit in kits() {
        assert!(kit.summary().ends_with('.'), "{}", kit.name);
        assert!(kit.head().contains("\nhttps://"), "{}: where is the partner's reference?", kit.name);
        let project = compiled(&[kit.text]);
        for variable in project.webhooks.values().flat_map(|webhook| webhook.settings()) {
            let named = variable.variables().iter().all(|variable| kit.head().contains(&***variable));
            assert!(named, "{}: what is {variable:?}?", kit.name);
        }
        for variable in project.connections.values().flat_map(|connection| connection.variables()) {
            assert!(kit.head().contains(&**variable), "{}: what is {variable}?", kit.name);
        }
        for one in kit.declarations() {
            let name = one.header.split([' ', '(']).nth(1).unwrap();
            assert!(name.to_lowercase().starts_with(kit.name), "{name} does not begin as its kit does");
            assert!(!one.doc.is_empty(), "{name} has no doc comment");
        }
        // Whatever depends on a project has no place in a kit.
        let source = Source { name: kit.name.into(), text: kit.text.into() };
        for symbol in lang::editor::outline(&source) {
            let fits = matches!(
                symbol.thing,
                Thing::Type | Thing::Connection | Thing::Action | Thing::Webhook | Thing::Function
            );
            assert!(fits || symbol.thing == Thing::Kit, "{}: {}", kit.name, symbol.name);
        }
    }
}

#[test]
fn each_shows_an_example_that_compiles() {
    let project = "profile { customerId: string key, email: string, phone: string, firstName: string, device: string }\n\
                   event orderPlaced { orderId: string, total: decimal }\n";
    for kit in kits() {
        let head = kit.head();
        let example: Vec<&str> = head.lines().filter_map(|line| line.strip_prefix("    ")).collect();
        assert!(!example.is_empty(), "{}", kit.name);
        let steps = example.join("\n");
        let text = format!(
            "{project}use \"std/{}\"\njourney j {{\n  enter on orderPlaced as order\n{steps}\n}}\n",
            kit.name
        );
        assert!(!compiled(&[&text]).journeys["j"].actions.is_empty(), "{}", kit.name);
    }
}

#[test]
fn every_action_of_every_kit_has_a_test() {
    for kit in kits() {
        let block = PAGE
            .split("```journey\n")
            .find(|block| block.starts_with(&format!("use \"std/{}\"\n", kit.name)));
        let block =
            block.unwrap_or_else(|| panic!("tests/suite/rehearse/std.md has no block for {}", kit.name));
        for action in compiled(&[kit.text]).actions.keys() {
            assert!(block.contains(&format!("expect call {action} where request.method")), "{action}");
        }
    }
}

const JOURNEYS: &str = "
event told \"Told\" { text: string }
journey quiet {
  enter on told
  exit \"slackPost is only a word here\"
}
journey loud {
  enter on told
  call slackPost(\"C1\", slackEscape(event.text))
}
";

#[test]
fn a_version_holds_what_it_uses_of_a_kit_and_stands_for_itself() {
    let with = compiled(&[PROFILE, JOURNEYS, "use \"std/slack\"\nuse \"std/twilio\"\n"]);
    let without =
        compiled(&[PROFILE, &JOURNEYS.replace("slackPost(\"C1\", slackEscape(event.text))", "tell()"), TELL]);
    assert_eq!(with.journeys["quiet"].version, without.journeys["quiet"].version);
    let loud = &with.journeys["loud"];
    for there in ["action slackPost", "connection slackApi", "type SlackAnswer", "fn slackEscape"] {
        assert!(loud.source.contains(there), "{there} is missing in\n{}", loud.source);
    }
    for absent in ["use \"", "slackHook", "slackWebhook", "twilio"] {
        assert!(!loud.source.contains(absent), "{absent} is in\n{}", loud.source);
    }
    let again = compiled(&[&loud.source]);
    assert_eq!(again.journeys["loud"].version, loud.version);
    assert_eq!(again.journeys["loud"].source, loud.source);
}

const TELL: &str =
    "connection partner { url: \"https://x.example.com\" }\naction tell { POST partner \"/\" }\n";

#[test]
fn nothing_is_ever_wrong_in_a_kit() {
    // Whatever the project declares, what is reported is in its own files.
    for declared in [
        "type SlackAnswer = { done: bool }",
        "event SlackAnswer { done: bool }",
        "connection slackApi { url: \"https://x.example.com\" }",
        "connection slackApi {}",
        "action slackPost(n: int) { GET slackApi \"/\" }",
        "fn slackEscape(value: int) -> int = value",
        "fn replace(value: int) -> int = value",
        "type string = int",
        "journey slackPost { enter on told }",
    ] {
        for text in [format!("{declared}\nuse \"std/slack\"\n"), format!("use \"std/slack\"\n{declared}\n")] {
            let sources = [Source { name: "own".into(), text: text.clone() }];
            for diagnostic in compile(&sources).diagnostics {
                assert_eq!(diagnostic.file, "own", "{text}: {diagnostic:?}");
                assert!(diagnostic.span.end <= text.len(), "{text}: {diagnostic:?}");
                assert!(diagnostic.related.iter().all(|related| related.file == "own"), "{text}");
            }
        }
    }
}

#[test]
fn the_tests_of_a_project_see_kits() {
    let text = format!(
        "{PROFILE}{JOURNEYS}use \"std/slack\"\ntest \"t\" {{\n  profile {{ customerId: \"c1\" }}\n  \
         mock slackPost returns {{ ok: true }}\n  event told {{ text: \"x\" }}\n  expect call slackPost\n}}\n"
    );
    let compiled = compile(&[Source { name: "own".into(), text }]);
    assert_eq!((compiled.tests.len(), compiled.diagnostics), (1, Vec::new()));
    let counts: BTreeMap<_, _> =
        compiled.tests.iter().map(|test| (test.name.clone(), test.place.0)).collect();
    assert_eq!(counts["t"], 0);
}
