//! The tree is as its documents say: imports, files, migrations, the API's document.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use syn::{spanned::Spanned, visit::Visit};
use testkit::server::workspace;

/// The most lines of a file.
const MOST_LINES: usize = 410;

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path.file_name().is_some_and(|name| name != "target" && name != "node_modules") {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_file_says_what_it_holds_and_stays_short() {
    let mut files = Vec::new();
    rust_files(&workspace().join("crates"), &mut files);
    rust_files(&workspace().join("tests"), &mut files);
    assert!(files.len() > 60);
    let mut long = Vec::new();
    for file in files {
        let name = file.strip_prefix(workspace()).unwrap().display().to_string();
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//! "), "{name} does not say in its first line what it holds");
        let lines = text.lines().count();
        if lines > MOST_LINES {
            long.push(format!("{name} has {lines} lines, more than {MOST_LINES}"));
        }
    }
    assert!(long.is_empty(), "{long:#?}");
}

/// The most lines of a function, from its signature to its brace.
const MOST_LINES_OF_A_FUNCTION: usize = 70;

/// Collects the functions that are too long, with their lines.
#[derive(Default)]
struct LongFunctions(Vec<(String, usize)>);

impl LongFunctions {
    fn measure(&mut self, signature: &syn::Signature, block: &syn::Block) {
        let lines = block.span().end().line - signature.span().start().line + 1;
        if lines > MOST_LINES_OF_A_FUNCTION {
            self.0.push((signature.ident.to_string(), lines));
        }
    }
}

impl<'ast> Visit<'ast> for LongFunctions {
    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.measure(&item.sig, &item.block);
        syn::visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.measure(&item.sig, &item.block);
        syn::visit::visit_impl_item_fn(self, item);
    }
}

#[test]
fn every_function_stays_short() {
    let mut files = Vec::new();
    rust_files(&workspace().join("crates"), &mut files);
    rust_files(&workspace().join("tests"), &mut files);
    let mut all = Vec::new();
    for file in files {
        let mut long = LongFunctions::default();
        long.visit_file(&syn::parse_file(&fs::read_to_string(&file).unwrap()).unwrap());
        let name = file.strip_prefix(workspace()).unwrap().display().to_string();
        all.extend(
            long.0.into_iter().map(|(function, lines)| format!("{name}: {function} has {lines} lines")),
        );
    }
    assert!(all.is_empty(), "longer than {MOST_LINES_OF_A_FUNCTION} lines:\n{}", all.join("\n"));
}

#[test]
fn crates_import_what_the_map_says() {
    let map = fs::read_to_string(workspace().join("crates/README.md")).unwrap();
    let mut declared = BTreeMap::new();
    for line in map.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let names = |cell: &str| -> BTreeSet<String> {
            cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
        };
        declared.insert(names(cells[0]).pop_first().unwrap(), names(cells[2]));
    }
    assert_eq!(declared.len(), 12);
    for (name, imports) in &declared {
        let manifest = fs::read_to_string(workspace().join("crates").join(name).join("Cargo.toml")).unwrap();
        let own = manifest.split("[dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
        let found: BTreeSet<String> = own
            .lines()
            .filter_map(|line| line.split(['.', ' ', '=']).next())
            .filter(|dependency| declared.contains_key(*dependency))
            .map(str::to_owned)
            .collect();
        assert_eq!(&found, imports, "crates/README.md and the manifest of `{name}` differ");
    }
}

#[test]
fn migrations_have_the_same_names_on_both_databases() {
    let names = |database: &str| -> BTreeSet<_> {
        let folder = workspace().join("migrations").join(database);
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    };
    assert!(!names("sqlite").is_empty());
    assert_eq!(names("sqlite"), names("postgres"));
}

#[test]
fn each_test_that_the_page_of_faults_names_is_there() {
    let page = fs::read_to_string(workspace().join("docs/faults.md")).unwrap();
    let named: BTreeSet<&str> = page
        .split('`')
        .filter(|text| text.contains('/') && !text.contains(' ') && text.contains('.'))
        .collect();
    assert!(named.len() > 40, "{named:?}");
    for path in named {
        assert!(workspace().join(path).exists(), "docs/faults.md names `{path}`, which is not there");
    }
}

#[test]
fn the_dashboard_is_typed_by_the_servers_own_document() {
    let output = Command::new(tests::program()).arg("openapi").output().unwrap();
    let server: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let kept = fs::read_to_string(workspace().join("web/openapi.json")).unwrap();
    let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
    assert!(server == kept, "the API has changed: see `After a change of the API` in CONTRIBUTING.md");
}

#[test]
fn the_commands_of_the_readme_work_on_a_new_project() {
    let folder = tempfile::tempdir().unwrap();
    let run = |folder: &Path, args: &[&str]| {
        let output = Command::new(tests::program()).args(args).current_dir(folder).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    assert_eq!(run(folder.path(), &["new", "shop"]).0, Some(0));
    let shop = folder.path().join("shop");
    assert_eq!(run(&shop, &["check"]).0, Some(0));
    assert_eq!(run(&shop, &["fmt", "--check"]).0, Some(0));
    assert!(run(&shop, &["graph", "welcome"]).1.starts_with("flowchart"));
    assert!(run(&shop, &["explain", "unknown-field"]).1.contains("unknown-field"));
    assert_eq!(run(&shop, &["explain", "no-such-code"]).0, Some(1));
    assert_eq!(run(&shop, &["frobnicate"]).0, Some(2));
    fs::write(shop.join("journeys/bad.journey"), "journey bad { enter on signedup }").unwrap();
    let (code, json) = run(&shop, &["check", "--format", "json"]);
    assert_eq!(code, Some(1));
    assert!(json.contains("unknown-event"), "{json}");
}

#[test]
fn a_preview_shows_the_exact_request_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let profile =
        write("profile.json", r#"{"customerId":"c1","userId":"u1","phoneNumber":"+49","firstName":"Ada"}"#);
    let event = r#"{"event":"Order Completed","properties":{"orderId":"o1","total":59.90,"items":[]}}"#;
    let event = write("event.json", event);
    let output = Command::new(tests::program())
        .args(["preview", "dispatch", "--profile"])
        .arg(profile)
        .arg("--event")
        .arg(event)
        .env("WAREHOUSE_KEY", "canary")
        .current_dir(workspace())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.starts_with("POST https://warehouse.example.com/warehouse/dispatch HTTP/1.1\n"), "{text}");
    assert!(text.contains("X-Api-Key: ••••\n") && !text.contains("canary"), "{text}");
    assert!(text.contains(r#"{ "orderId": "o1", "items": [] }"#), "{text}");
}

#[test]
fn the_manual_of_kits_is_made_from_them() {
    let run = |args: &[&str]| {
        let output = Command::new(tests::program()).args(args).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let kept = fs::read_to_string(workspace().join("docs/std.md")).unwrap();
    let (code, made) = run(&["std", "--manual"]);
    assert!(
        code == Some(0) && made == kept,
        "write it anew: `cargo run -p cli -- std --manual > docs/std.md`"
    );
    let (_, list) = run(&["std"]);
    for entry in fs::read_dir(workspace().join("journeys/std")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        assert!(list.contains(&format!("{name} ")), "{name} is missing in\n{list}");
        assert!(kept.contains(&format!("\n## std/{name}\n")), "{name}");
        assert_eq!(run(&["std", &name]).1, fs::read_to_string(&path).unwrap());
        assert_eq!(run(&["check", &path.display().to_string()]).0, Some(0), "{name}");
    }
    assert_eq!(run(&["std", "pigeon"]).0, Some(1));
}

#[test]
fn the_reference_of_functions_is_made_from_them() {
    let output = Command::new(tests::program()).arg("functions").output().unwrap();
    let kept = fs::read_to_string(workspace().join("docs/functions.md")).unwrap();
    let made = String::from_utf8(output.stdout).unwrap();
    assert!(made == kept, "write it anew: `cargo run -p cli -- functions > docs/functions.md`");
    let headings = kept.lines().filter(|line| line.starts_with("### ")).count();
    assert!(headings > 50, "every function stands under a heading");
}
