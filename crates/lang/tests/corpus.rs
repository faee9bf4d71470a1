//! What the fuzzer has kept in `fuzz/corpus`, played again; so whatever it once found stays repaired.

#![allow(clippy::unwrap_used, reason = "a test that cannot read its files has failed")]

#[path = "../fuzz/targets.rs"]
mod targets;

#[test]
fn what_was_kept_still_holds() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus/compile");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        targets::compile(&std::fs::read(entry.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count >= 10, "{count} inputs");
}
