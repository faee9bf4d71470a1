//! `wayfare simulate`: recorded people from files, and what is wrong with files.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{fs, path::Path, process::Command};

use testkit::server::workspace;

const PROFILES: &str = r#"{"customerId": "c1", "userId": "u1", "phoneNumber": "+49151", "firstName": "Ada"}
{"customerId": "c2", "userId": "u2", "phoneNumber": "+49152"}
"#;
const EVENTS: &str = r#"{"event": "Cart Abandoned", "profile": "c1", "at": "2026-03-01T10:00:00Z", "properties": {"cartId": "k1", "total": 20, "items": []}}
{"event": "Cart Abandoned", "profile": "c2", "at": "2026-03-01T11:00:00Z", "properties": {"cartId": "k2", "total": 20, "items": []}}
{"event": "Order Completed", "profile": "c2", "at": "2026-03-01T11:30:00Z", "properties": {"orderId": "o2", "cartId": "k2", "total": 20, "items": []}}
{"event": "Cart Abandoned", "profile": "c2", "at": "2026-03-01T12:00:00Z", "properties": {"cartId": "k3", "total": 0, "items": []}}
"#;

fn simulate(folder: &Path, arguments: &[&str]) -> (bool, String, String) {
    let mut command = Command::new(tests::program());
    command.arg("simulate").args(arguments).arg("--profiles").arg(folder.join("profiles.ndjson"));
    let output =
        command.arg("--events").arg(folder.join("events.ndjson")).current_dir(workspace()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.success(), text(output.stdout), text(output.stderr))
}

#[test]
fn recorded_people_walk_through_a_journey() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("profiles.ndjson"), PROFILES).unwrap();
    fs::write(folder.path().join("events.ndjson"), EVENTS).unwrap();
    let (success, text, said) = simulate(folder.path(), &["cartReminder"]);
    assert!(success, "{said}");
    for part in [
        "2 people, 2 entered",
        "1  `cart.total > 0` did not hold",
        "1  cartWaiting",
        "1  exited: event orderPlaced",
    ] {
        assert!(text.contains(part), "{part} is missing in\n{text}");
    }
    let (success, text, said) = simulate(folder.path(), &["cartReminder", "--format", "json"]);
    let tree: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(success, "{said}");
    assert_eq!(
        (tree["entered"].as_i64(), tree["durationMicros"]["max"].as_i64()),
        (Some(2), Some(3_600_000_000))
    );
}

#[test]
fn what_is_wrong_in_a_file_is_said_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let cases = [
        (PROFILES.replace("\"u2\"", "5"), EVENTS.to_owned(), "profiles.ndjson:2: not a profile"),
        (PROFILES.replace("c2", "c1"), EVENTS.to_owned(), "profiles.ndjson:2: `c1` is there already"),
        (PROFILES.to_owned(), EVENTS.replace("Order Completed", "Order"), "events.ndjson:3: not an event"),
        (PROFILES.to_owned(), EVENTS.replace("c2", "c9"), "events.ndjson:2: `c9` has no line in"),
        (
            PROFILES.to_owned(),
            EVENTS.replacen("2026-03-01T10", "yesterday", 1),
            "events.ndjson:1: not an event",
        ),
        (PROFILES.to_owned(), "{".to_owned(), "events.ndjson:1: not a line of JSON"),
    ];
    for (profiles, events, part) in cases {
        fs::write(folder.path().join("profiles.ndjson"), profiles).unwrap();
        fs::write(folder.path().join("events.ndjson"), events).unwrap();
        let (success, _, said) = simulate(folder.path(), &["cartReminder"]);
        assert!(!success && said.contains(part), "{part} is missing in\n{said}");
    }
}

#[test]
fn drawn_people_meet_mocks() {
    let folder = tempfile::tempdir().unwrap();
    let mocks = folder.path().join("mocks.json");
    let run = |text: &str| {
        fs::write(&mocks, text).unwrap();
        let mut command = Command::new(tests::program());
        command
            .args(["simulate", "vipReward", "--generate", "100", "--format", "json", "--mocks"])
            .arg(&mocks);
        let output = command.current_dir(workspace()).output().unwrap();
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (text, said) =
        run(r#"{"vipStatus": [{"returns": {"vip": true}, "share": 50}, {"fails": {"http": 404}}]}"#);
    assert!(!text.is_empty(), "{said}");
    let tree: serde_json::Value = serde_json::from_str(&text).unwrap();
    let sum =
        tree["messages"]["vipOffer"].as_i64().unwrap() + tree["messages"]["standardOffer"].as_i64().unwrap();
    assert_eq!((tree["people"].as_i64(), sum), (Some(100), 100));
    for (bad, part) in [
        ("[]", "is not of the form"),
        (r#"{"vipStats": []}"#, "there is no action `vipStats`"),
        (r#"{"vipStatus": [{"returns": {"vip": 1}}]}"#, "`returns`"),
        (r#"{"vipStatus": [{"fails": "timeout"}, {"fails": "open"}]}"#, "only the last answer"),
        (r#"{"vipStatus": [{"fails": "tired"}]}"#, "`tired` is no kind of failure"),
        (
            r#"{"vipStatus": [{"returns": {"vip": true}, "share": 60}, {"fails": "timeout", "share": 60}]}"#,
            "120%",
        ),
    ] {
        let (_, said) = run(bad);
        assert!(said.contains(part), "{part} is missing in\n{said}");
    }
}
