//! What the fuzzer has kept in `fuzz/corpus`, played again; so whatever it once found stays repaired.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

#[path = "../fuzz/targets.rs"]
mod targets;

fn play(name: &str, target: fn(&[u8]) -> bool) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        count += usize::from(target(&std::fs::read(entry.unwrap().path()).unwrap()));
    }
    assert!(count >= 3, "only {count} inputs of {name} get to the end");
}

#[test]
fn expressions() {
    play("expression", targets::expression);
}

#[test]
fn templates() {
    play("template", targets::template);
}

#[test]
fn schedules() {
    play("schedule", targets::schedule);
}

#[test]
fn events() {
    play("event", targets::event);
}
