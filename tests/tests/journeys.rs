//! The tests of the shipped journeys and of a new project, played by the program: all hold, and reach every step and way.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{fs, path::Path, process::Command};

use testkit::server::workspace;

fn play(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let output =
        Command::new(tests::program()).arg("test").args(arguments).current_dir(folder).output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

#[test]
fn the_shipped_journeys_are_covered() {
    let (success, text) = play(&workspace(), &["--coverage"]);
    assert!(success, "{text}");
    assert!(text.contains("vipReward: 6 of 6 steps, 2 of 2 ways"), "{text}");
}

#[test]
fn a_new_project_has_tests_that_hold() {
    let folder = tempfile::tempdir().unwrap();
    let made =
        Command::new(tests::program()).args(["new", "shop"]).current_dir(folder.path()).status().unwrap();
    assert!(made.success());
    let (success, text) = play(&folder.path().join("shop"), &["--coverage"]);
    assert!(success && text.contains("0 failed"), "{text}");
}

#[test]
fn errors_are_said_in_sarif() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("j.journey"), "profile { id: string key }\nevent e { x: \"😀\" | strng }\n")
        .unwrap();
    let mut check = Command::new(tests::program());
    let output = check.args(["check", ".", "--format", "sarif"]).current_dir(folder.path()).output().unwrap();
    let log: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let result = &log["runs"][0]["results"][0];
    assert_eq!(
        (log["version"].as_str(), result["ruleId"].as_str()),
        (Some("2.1.0"), Some("unknown-type")),
        "{log}"
    );
    let region = &result["locations"][0]["physicalLocation"]["region"];
    assert_eq!((region["startLine"].as_i64(), region["startColumn"].as_i64()), (Some(2), Some(21)), "{log}");
}

#[test]
fn a_test_that_fails_and_a_step_that_nobody_reaches_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let journey = r#"
profile { id: string key }
event asked { big: bool }
journey j {
  enter on asked
  if event.big {
    wait 1 hour
  }
}
test "small <&> \"fine\"" {
  profile { id: "a" }
  event asked { big: false }
  expect journey j inside
}
"#;
    fs::write(folder.path().join("j.journey"), journey).unwrap();
    let (success, text) = play(folder.path(), &[".", "--coverage"]);
    assert!(!success);
    for part in [
        "in `j` the person is not inside",
        "j.journey:13:3",
        "in `j`: completed at `end`",
        "never visited: if-1.then.wait-1",
        "never taken: if-1: event.big",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let (success, text) = play(folder.path(), &[".", "--format", "json"]);
    let tree: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(!success && tree["tests"][0]["failure"]["message"].as_str().unwrap().contains("not inside"));
    assert_eq!(tree["coverage"][0]["missedSteps"][0], "if-1.then.wait-1");
    let (success, text) = play(folder.path(), &[".", "--format", "junit"]);
    assert!(!success && text.contains("failures=\"1\"") && text.contains("small &lt;&amp;&gt;"), "{text}");
}
