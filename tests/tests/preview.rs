//! `wayfare preview`: what is shown, sent, checked and recorded, against a partner on a real socket.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{fs, path::Path, process::Command, sync::Mutex};

use serde_json::json;
use testkit::{Partner, Reply};

const JOURNEYS: &str = r#"profile { customerId: string key, name: string }

event asked "Asked" { id: string, text: string }

connection partner {
  url: "https://partner.example.com/api"
  auth: bearer secret("PARTNER_TOKEN")
  retry: never
}

type Item = { sku: string, price: decimal, day: date? }

/// Who they are.
action find(id: string) -> 200 { name: string, items: [Item], more: json } | 404 string fails with { code: string } {
  GET partner "/customers/{{ id }}"
}

action say(to: string, text: string, html: string) {
  POST partner "/say"
  json { "to": "{{ to }}", "text": "{{ text }}", "html": "{{ html }}" }
}

message hello(asked: asked) via say {
  to: profile.name
  text: "Hi {{ profile.name }}: {{ asked.text }}"
  html: "<b>{{ profile.name }}</b>"
}

journey welcome {
  enter on asked as asked
  let found = call find(asked.id) or { status: 404, body: "" }
  if found.status == 200 {
    send hello(asked)
  }
}

test "who is known is greeted" {
  profile { customerId: "c1", name: "Ada" }
  mock find returns { status: 200, body: { name: "Ada", items: [], more: null } }
  event asked { id: "a/b", text: "\"quoted\"" }
  expect call find
}
"#;

struct Project {
    folder: tempfile::TempDir,
    partner: Partner,
}

/// A project whose partner answers with what is in the lock.
fn project(answer: &'static Mutex<(u16, &'static str)>) -> Project {
    let folder = tempfile::tempdir().unwrap();
    let partner = Partner::start(move |_, _| {
        let (status, body) = *answer.lock().unwrap();
        Reply { body: body.into(), ..Reply::status(status) }
    })
    .unwrap();
    fs::create_dir(folder.path().join("journeys")).unwrap();
    fs::write(folder.path().join("journeys/a.journey"), JOURNEYS).unwrap();
    let settings = format!(
        "[connection.partner]\nurl = \"http://{}/api\"\nprivate = [\"127.0.0.1\"]\n",
        partner.address
    );
    fs::write(folder.path().join("wayfare.toml"), settings).unwrap();
    Project { folder, partner }
}

fn run(folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(tests::program())
        .args(args)
        .env("PARTNER_TOKEN", "canary-canary")
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_request_is_shown_with_the_data_of_a_test_and_nothing_is_sent() {
    static ANSWER: Mutex<(u16, &str)> = Mutex::new((200, "{}"));
    let Project { folder, partner } = project(&ANSWER);
    let (code, shown, told) = run(folder.path(), &["preview", "find"]);
    assert_eq!(code, Some(0), "{told}");
    let host = partner.address;
    assert!(shown.starts_with(&format!("GET http://{host}/api/customers/a%2Fb HTTP/1.1\n")), "{shown}");
    assert!(shown.contains("Authorization: Bearer ••••\n") && !shown.contains("canary"), "{shown}");
    assert!(told.contains("with the data of the test \"who is known is greeted\""), "{told}");

    let (code, shown, _) = run(folder.path(), &["preview", "hello"]);
    assert_eq!(code, Some(0));
    let says = "message hello via say\n  to: Ada\n  text: Hi Ada: \"quoted\"\n  html: <b>Ada</b>\nPOST ";
    assert!(shown.starts_with(says), "{shown}");
    assert!(
        shown.contains(r#"{ "to": "Ada", "text": "Hi Ada: \"quoted\"", "html": "<b>Ada</b>" }"#),
        "{shown}"
    );

    let event = r#"{"event": "Asked", "properties": {"id": "k", "text": "t"}}"#;
    let profile = r#"{"customerId": "c1", "name": "Bob"}"#;
    let (code, shown, told) =
        run(folder.path(), &["preview", "hello", "--profile", profile, "--event", event]);
    assert_eq!(code, Some(0), "{told}");
    assert!(shown.contains("text: Hi Bob: t\n"), "{shown}");
    let (_, shown, _) = run(folder.path(), &["preview", "find", "--args", r#"{"id": "x y"}"#]);
    assert!(shown.contains("/api/customers/x%20y HTTP/1.1"), "{shown}");
    for (args, says) in [
        (["preview", "find", "--arg", "ix=1"], "there is no parameter `ix`; it takes `id`"),
        (
            ["preview", "find", "--args", "{\"id\": 1}"],
            "the argument `id` (string) expected string, found the number 1",
        ),
        (["preview", "find", "--profile", "{\"name\": 1}"], "--profile: `name`: expected string"),
        (["preview", "find", "--test", "nosuch"], "there is no test \"nosuch\""),
        (
            ["preview", "nosuch", "--arg", "a=1"],
            "there is no action or message `nosuch`; there are `find`, `say`, `hello`",
        ),
    ] {
        let (code, _, told) = run(folder.path(), &args);
        assert!(code == Some(1) && told.contains(says), "{args:?}: {told}");
    }
    assert!(partner.seen().is_empty());
}

#[test]
fn an_answer_is_checked_and_kept_as_a_mock() {
    static ANSWER: Mutex<(u16, &str)> = Mutex::new((200, ""));
    let Project { folder, partner } = project(&ANSWER);
    let journeys = folder.path().join("journeys/a.journey");
    let mocks = || {
        let text = fs::read_to_string(&journeys).unwrap();
        let lines = text.lines().filter(|line| line.trim_start().starts_with("mock "));
        lines.map(|line| line.trim().to_owned()).collect::<Vec<_>>()
    };
    let first = mocks();
    let record = ["preview", "find", "--send", "--record"];
    let answers = [
        (
            200,
            r#"{"name": "Eve \"{{x}}\"\n", "items": [{"sku": "s", "price": 1.50, "day": "2026-03-01", "x": 1}], "more": {"a-b": [1]}}"#,
            0,
            "the answer fits",
            r#"mock find with { id: "a/b" } returns { status: 200, body: { name: "Eve \"\{{x}}\"\n", items: [{ sku: "s", price: 1.50, day: "2026-03-01".toDate() }], more: "{\"a-b\":[1]}".parseJson() } }"#,
        ),
        (
            404,
            "gone",
            0,
            "the answer fits",
            r#"mock find with { id: "a/b" } returns { status: 404, body: "gone" }"#,
        ),
        (
            422,
            r#"{"code": "c"}"#,
            1,
            "an error of the kind `http`: `find` answered 422",
            r#"mock find with { id: "a/b" } fails http 422 { code: "c" }"#,
        ),
        (
            502,
            "<html>",
            1,
            "its body does not fit",
            r#"mock find with { id: "a/b" } fails http 502 "<html>""#,
        ),
        (200, "{}", 1, "an error of the kind `invalid`", r#"mock find with { id: "a/b" } fails invalid"#),
    ];
    for (index, (status, body, exit, says, mock)) in answers.into_iter().enumerate() {
        *ANSWER.lock().unwrap() = (status, body);
        let (code, shown, told) = run(folder.path(), &record);
        assert_eq!(code, Some(exit), "{shown}{told}");
        assert!(shown.contains(&format!("HTTP {status} in ")) && shown.contains(says), "{shown}");
        assert!(shown.contains(body), "{shown}");
        let kept = fs::read_to_string(&journeys).unwrap();
        // On lines of their own fields have no commas.
        let joined = |text: &str| text.replace([' ', '\n', ','], "");
        assert!(joined(&kept).contains(&joined(mock)), "{kept}");
        assert_eq!(mocks().len(), first.len() + 1, "{kept}");
        assert_eq!(run(folder.path(), &["fmt", "--check"]).0, Some(0));
        let (code, _, told) = run(folder.path(), &["test"]);
        assert_eq!(code, Some(0), "{told}");
        let seen = partner.seen();
        assert_eq!(seen.len(), index + 1);
        assert_eq!(seen[index].header("authorization"), Some("Bearer canary-canary"));
    }
    // Each is a request of its own, so each has a key of its own.
    let seen = partner.seen();
    assert_ne!(seen[0].header("idempotency-key"), seen[1].header("idempotency-key"));
}

#[test]
fn the_rules_for_all_calls_hold_for_a_preview_that_is_sent() {
    static ANSWER: Mutex<(u16, &str)> = Mutex::new((404, "x"));
    let Project { folder, partner } = project(&ANSWER);
    let settings = format!("[connection.partner]\nurl = \"http://{}\"\n", partner.address);
    fs::write(folder.path().join("wayfare.toml"), settings).unwrap();
    let (code, shown, _) = run(folder.path(), &["preview", "find", "--send"]);
    assert_eq!(code, Some(1));
    assert!(shown.contains("refused: `127.0.0.1` leads to a loopback address"), "{shown}");
    assert!(partner.seen().is_empty());
    let (code, _, told) = run(folder.path(), &["preview", "find", "--arg", "id=1", "--send", "--record"]);
    assert!(code == Some(2) && told.contains("cannot be used with"), "{told}");
}

#[test]
fn the_server_shows_requests_for_samples_and_people_on_both_databases() {
    for database in tests::DATABASES {
        let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
        let mut setup = tests::setup_of(database, &partner, JOURNEYS, &["partner"]);
        setup.environment.push(("PARTNER_TOKEN".into(), "canary-canary".into()));
        let server = setup.start().unwrap();
        let put = server.writer().json("PUT", "/v1/profiles/c1", r#"{"name": "Ada"}"#).unwrap();
        assert_eq!(put.status, 200);
        let ask = |body: serde_json::Value| {
            let answer = server.admin().json("POST", "/v1/preview", &body.to_string()).unwrap();
            assert!(!answer.body.contains("canary-canary"), "{}", answer.body);
            (answer.status, answer.json())
        };
        let event = json!({"event": "Asked", "properties": {"id": "a/b", "text": "<b>"}});
        let (status, shown) = ask(json!({"name": "hello", "person": "c1", "event": event}));
        assert_eq!(
            (status, &shown["kind"], &shown["action"]),
            (200, &json!("message"), &json!("say")),
            "{shown}"
        );
        assert_eq!(shown["fields"][1], json!({"name": "text", "value": "Hi Ada: <b>"}));
        let request = &shown["request"];
        assert_eq!(request["method"], "POST");
        assert_eq!(request["url"], format!("http://{}/say", partner.address));
        let headers = request["headers"].as_array().unwrap();
        assert!(headers.contains(&json!({"name": "Authorization", "value": "Bearer ••••"})), "{headers:?}");
        assert_eq!(request["body"], r#"{ "to": "Ada", "text": "Hi Ada: <b>", "html": "<b>Ada</b>" }"#);
        let sample = json!({"customerId": "c2", "name": "Bob"});
        let (_, shown) = ask(json!({"name": "find", "profile": sample, "args": {"id": "x"}}));
        assert_eq!(
            (&shown["kind"], &shown["fields"][0]["value"]),
            (&json!("action"), &json!("x")),
            "{shown}"
        );

        for (body, status, says) in [
            (json!({"name": "nosuch"}), 404, "there is no action or message `nosuch`"),
            (json!({"name": "find", "person": "nobody"}), 404, "there is no profile `nobody`"),
            (
                json!({"name": "find"}),
                422,
                "is neither given nor in the event or the profile; expected string",
            ),
            (json!({"name": "find", "args": {"id": 1}}), 422, "expected string, found the number 1"),
            (json!({"name": "find", "args": {"ix": 1}}), 422, "there is no parameter `ix`; it takes `id`"),
            (json!({"name": "find", "profile": {"name": 1}, "args": {"id": "x"}}), 422, "expected string"),
            (json!({"name": "find", "event": {"event": "Nosuch"}}), 422, "no event is called `Nosuch`"),
            (json!({"name": "find", "person": "c1", "profile": {}}), 400, "either `person`"),
            (json!({"what": "find"}), 400, "unknown field"),
        ] {
            let (found, problem) = ask(body.clone());
            assert!(found == status && problem.to_string().contains(says), "{body}: {found} {problem}");
        }
        let listed = server.admin().get("/v1/actions").unwrap().json();
        let find = json!({"name": "find", "kind": "action", "doc": "Who they are.", "params": [{"name": "id", "type": "string"}]});
        assert_eq!(listed["actions"][0], find);
        assert_eq!(listed["actions"][2]["kind"], "message");
        // A key that may only write may not look, and whoever looked sent nothing.
        assert_eq!(server.writer().json("POST", "/v1/preview", r#"{"name": "find"}"#).unwrap().status, 403);
        assert!(partner.seen().is_empty());
        server.stop().unwrap();
    }
}
