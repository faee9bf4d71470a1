//! The commands for operators, through the program against a real server: what failed is run again from a terminal, calls
//! are held, and whatever goes wrong is said in a sentence.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    fs,
    io::Write as _,
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use serde_json::Value;
use testkit::{
    Partner, Reply,
    server::{ADMIN_KEY, Server, WRITE_KEY, workspace},
};
use tests::{DATABASES, eventually, instances, send_to_each, setup, setup_of};

const PROJECT: &str = r#"
profile { customerId: string key }
event asked "Asked" { n: int }
connection shop { url: "https://shop.example.com"  timeout: 5s each, 20s in all  retry: never }
action look(n: int) -> { vip: bool } { GET shop "/look/{{ n }}" }
action tell(n: int, vip: bool) { POST shop "/tell" json { "n": {{ n }}, "vip": {{ vip }} } }
journey looking {
  enter on asked
  let seen = call look(event.n)
  call tell(event.n, seen.vip)
}
"#;

/// A server whose partner fails for as long as it is down.
fn site(database: &str) -> (Server, Partner, Arc<AtomicBool>) {
    let down = Arc::new(AtomicBool::new(true));
    let is_down = down.clone();
    let partner = Partner::start(move |request, _| {
        let fails = request.line.starts_with("GET /look") && is_down.load(Ordering::SeqCst);
        if fails { Reply::status(503) } else { Reply::ok(r#"{"vip": true}"#) }
    })
    .unwrap();
    let server = setup_of(database, &partner, PROJECT, &["shop"]).start().unwrap();
    (server, partner, down)
}

/// What a command printed and said, and its exit code.
struct Ran {
    out: String,
    err: String,
    code: i32,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap()
    }
}

/// Runs a command against an address with a key, with this on its standard input.
fn run_at(url: &str, key: &str, words: &[&str], input: &str) -> Ran {
    let mut child = Command::new(tests::program())
        .args(words)
        .env("WAYFARE_SERVER", url)
        .env("WAYFARE_ADMIN_KEYS", key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Whoever asks nothing may be over before anything is written.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { out: text(output.stdout), err: text(output.stderr), code: output.status.code().unwrap() }
}

fn run(server: &Server, words: &[&str]) -> Ran {
    run_at(&format!("http://{}", server.address), ADMIN_KEY, words, "")
}

fn parked(server: &Server, people: usize) -> Vec<Value> {
    send_to_each(server, "Asked", 0..people);
    let failed = || instances(server, "status=failed&limit=500");
    eventually("all are parked", Duration::from_secs(60), || failed().len() == people);
    failed()
}

#[test]
fn what_failed_is_retried_from_the_command_line_each_once() {
    const PEOPLE: usize = 400;
    for database in DATABASES {
        let (server, partner, down) = site(database);
        parked(&server, PEOPLE);
        down.store(false, Ordering::SeqCst);
        let url = format!("http://{}", server.address);
        let retry = ["instances", "retry", "--journey", "looking", "--kind", "http"];
        for answer in ["", "no\n"] {
            let asked = run_at(&url, ADMIN_KEY, &retry, answer);
            assert!(
                asked
                    .err
                    .contains("400 failed instances fit, in all\n      400  looking at call-look: http\n")
            );
            assert!(asked.err.contains("nothing was done"), "{}", asked.err);
            assert_eq!((asked.code, asked.out.as_str()), (1, ""));
        }
        assert_eq!(instances(&server, "status=failed&limit=500").len(), PEOPLE);
        let nobody = run(&server, &["instances", "retry", "--kind", "timeout"]);
        assert_eq!((nobody.code, nobody.out.trim()), (0, "retried 0 instances"), "{}", nobody.err);

        let agreed = run_at(&url, ADMIN_KEY, &retry, "yes\n");
        assert_eq!((agreed.code, agreed.out.trim()), (0, "retried 400 instances"), "{}", agreed.err);
        eventually("everybody is told", Duration::from_secs(60), || {
            partner.effects("POST /tell").len() == PEOPLE && instances(&server, "status=calling").is_empty()
        });
        assert_eq!(partner.seen_at("POST /tell").len(), PEOPLE, "{database}");
        assert_eq!(partner.seen_at("GET /look").len(), 2 * PEOPLE, "{database}: each once more");
        let again =
            run(&server, &["instances", "retry", "--journey", "looking", "--yes", "--format", "json"]);
        assert_eq!(again.json(), serde_json::json!({"done": 0, "ignored": 0, "unknown": 0, "next": null}));
    }
}

#[test]
fn instances_are_found_looked_at_and_dealt_with_one_by_one() {
    for database in DATABASES {
        let (server, partner, _) = site(database);
        let ids: Vec<String> =
            parked(&server, 6).iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
        let list = run(&server, &["instances", "list", "--status", "failed", "--limit", "4"]);
        let lines: Vec<&str> = list.out.lines().collect();
        assert!(lines[0].starts_with("ID ") && lines[0].ends_with("REASON"), "{}", list.out);
        assert!(lines[1].starts_with(&ids[0]) && lines[1].contains("http 503: "), "{}", list.out);
        assert_eq!(lines[6], format!("there may be more: --before {}", ids[3]));
        let rest = run(&server, &["instances", "list", "--before", &ids[3], "--format", "json"]).json();
        assert_eq!(rest["instances"].as_array().unwrap().len(), 2, "{rest}");
        let shown = run(&server, &["instances", "show", &ids[0]]);
        for words in ["status     failed, at call-look", "call-begun", "attempt 1", r#"event      {"n":"#] {
            assert!(shown.out.contains(words), "{words}: {}", shown.out);
        }
        let whole = run(&server, &["instances", "show", &ids[0], "--format", "json"]).json();
        assert_eq!(whole["failure"]["status"], 503, "{whole}");

        let unfit = run(&server, &["instances", "answer", &ids[0], "--with", r#"{"vip": 7}"#]);
        assert_eq!(unfit.code, 1);
        assert!(unfit.err.starts_with("error: `answer`: ") && unfit.err.contains("vip"), "{}", unfit.err);
        let answered = run(&server, &["instances", "answer", &ids[0], "--with", r#"{"vip": true}"#]);
        assert!(answered.out.starts_with(&format!("answered {}: it is ", ids[0])), "{}", answered.out);
        let late = run(&server, &["instances", "skip", &ids[0]]);
        assert!(late.code == 1 && late.err.contains("does not fit the instance's status"), "{}", late.err);
        assert_eq!(run(&server, &["instances", "cancel", &ids[1]]).code, 0);
        let file = server_file("answer.json", r#"{"vip": false}"#);
        let many = ["instances", "answer", "--journey", "looking", "--yes", "--with", &file];
        let many = run(&server, &many);
        assert_eq!((many.code, many.out.trim()), (0, "answered 4 instances"), "{}", many.err);
        assert_eq!(partner.wait_for("POST /tell", 5).len(), 5);
        let ended = run(&server, &["instances", "list", "--status", "cancelled", "--format", "json"]).json();
        assert_eq!(ended["instances"][0]["id"], *ids[1], "{ended}");
    }
}

/// A file of its own for a test.
fn server_file(name: &str, text: &str) -> String {
    let folder = tempfile::tempdir().unwrap().keep();
    fs::write(folder.join(name), text).unwrap();
    folder.join(name).display().to_string()
}

#[test]
fn an_answer_that_does_not_fit_is_said_for_all_that_it_was_for() {
    let (server, _partner, _) = site("sqlite");
    parked(&server, 3);
    let many = ["instances", "answer", "--journey", "looking", "--yes", "--with", r#"{"vip": "perhaps"}"#];
    let many = run(&server, &many);
    assert_eq!(many.code, 1, "{}", many.err);
    let said = "answered 0 instances; not 3: the answer does not fit what their action declares";
    assert!(many.out.starts_with(said), "{}", many.out);
}

#[test]
fn a_connection_is_paused_its_calls_are_held_and_it_goes_on() {
    for database in DATABASES {
        let (server, partner, down) = site(database);
        down.store(false, Ordering::SeqCst);
        let paused = run(&server, &["connections", "pause", "shop"]);
        assert!(paused.code == 0 && paused.out.starts_with("`shop` is paused since 2"), "{}", paused.out);
        send_to_each(&server, "Asked", 0..20);
        thread::sleep(Duration::from_secs(2));
        assert_eq!(partner.seen().len(), 0, "{database}");
        let list = run(&server, &["connections", "list"]);
        let row = list.out.lines().find(|line| line.starts_with("shop")).unwrap();
        assert_eq!(row.split_whitespace().nth(1), Some("paused"), "{}", list.out);
        let resumed = run(&server, &["connections", "resume", "shop", "--format", "json"]).json();
        assert_eq!((&resumed["name"], &resumed["pausedSince"]), (&"shop".into(), &Value::Null), "{resumed}");
        assert_eq!(partner.wait_for("POST /tell", 20).len(), 20);
        eventually("it is counted", Duration::from_secs(10), || {
            let list = run(&server, &["connections", "list"]).out;
            list.lines().any(|line| {
                let words: Vec<&str> = line.split_whitespace().collect();
                words.windows(3).any(|three| three == ["tell", "20", "0"])
            })
        });
    }
}

#[test]
fn whatever_goes_wrong_is_said_with_what_to_do() {
    let (server, partner, _) = site("sqlite");
    let url = format!("http://{}", server.address);
    let list = ["instances", "list"];
    let fails = |url: &str, key: &str, words: &[&str], code: i32, said: &[&str]| {
        let ran = run_at(url, key, words, "");
        assert_eq!(ran.code, code, "{words:?}: {}", ran.err);
        for part in said {
            assert!(ran.err.contains(part), "{words:?}: `{part}` is not in {}", ran.err);
        }
        assert!(!ran.err.contains(key) || key.is_empty(), "a key is shown nowhere: {}", ran.err);
    };
    fails(
        "http://127.0.0.1:1",
        ADMIN_KEY,
        &list,
        1,
        &["no server answers at http://127.0.0.1:1/", "--server"],
    );
    let stranger = format!("http://{}", partner.address);
    fails(&stranger, ADMIN_KEY, &list, 0, &[]);
    let between = Partner::start(|_, _| Reply { body: "<html>".into(), ..Reply::status(502) }).unwrap();
    let between = format!("http://{}", between.address);
    fails(&between, ADMIN_KEY, &list, 1, &["is no Wayfare server", "(status 502)", "is the URL right?"]);
    fails(
        &format!("{url}/elsewhere"),
        ADMIN_KEY,
        &list,
        1,
        &["has nothing at that address", "is the URL right"],
    );
    fails(&url, "", &list, 1, &["wants an admin key", "WAYFARE_ADMIN_KEYS"]);
    fails(&url, "a-key-that-is-not-known", &list, 1, &["does not know the key"]);
    fails(&url, WRITE_KEY, &list, 1, &["may not do this", "needs an admin key"]);
    fails("localhost", ADMIN_KEY, &list, 2, &["write http://HOST:PORT"]);
    fails(
        &url,
        ADMIN_KEY,
        &["instances", "list", "--status", "lost"],
        1,
        &["`lost` is no status; there are"],
    );
    fails(&url, ADMIN_KEY, &["instances", "retry"], 2, &["--journey"]);
    let nobody = "01940000-0000-7000-8000-000000000000";
    fails(&url, ADMIN_KEY, &["instances", "show", nobody], 1, &["there is no instance"]);
    fails(&url, ADMIN_KEY, &["instances", "retry", nobody, "--kind", "http"], 2, &["cannot be used with"]);
    fails(&url, ADMIN_KEY, &["connections", "pause", "a/../b"], 1, &["there is no connection `a/../b`"]);
}

#[test]
fn addresses_of_a_file_are_put_on_the_suppression_list_and_taken_off() {
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let setup = setup_of("sqlite", &partner, PROJECT, &["shop"]);
    let server = setup.start().unwrap();
    let many: String = (0..10_005).map(|n| format!("n{n}@example.com\n")).collect();
    let file = setup.folder.join("gone.txt");
    fs::write(&file, format!("{many}\n  Ada <ada@example.com>\n")).unwrap();
    let file = file.to_str().unwrap();
    let added = run(&server, &["suppressions", "add", file]);
    assert_eq!(
        added.out.trim(),
        "put 10006 addresses on the list; the others of 10006 were on it",
        "{}",
        added.err
    );
    let again = run(&server, &["suppressions", "add", file, "--format", "json"]);
    assert_eq!(again.json(), serde_json::json!({"changed": 0}));
    let found = run(&server, &["suppressions", "find", "ADA@example.com"]);
    assert!(found.out.starts_with("`ADA@example.com` is on the list since 20"), "{}", found.out);
    assert!(found.out.trim_end().ends_with(": listed"), "{}", found.out);
    let url = format!("http://{}", server.address);
    let gone =
        run_at(&url, ADMIN_KEY, &["suppressions", "remove", "-"], "ada@example.com\nben@example.com\n");
    assert_eq!(
        gone.out.trim(),
        "took 1 address off the list; the others of 2 were not on it",
        "{}",
        gone.err
    );
    assert!(run(&server, &["suppressions", "find", "ada@example.com"]).out.contains("is not on the list"));
    let counted = run(&server, &["suppressions", "count"]);
    assert_eq!(
        counted.out.lines().nth(1).unwrap().split_whitespace().collect::<Vec<_>>(),
        ["listed", "10005"]
    );
    let empty = run_at(&url, ADMIN_KEY, &["suppressions", "add", "-"], "\n");
    assert!(
        empty.code == 1 && empty.err.contains("- holds no address; write one on each line"),
        "{}",
        empty.err
    );
}

#[test]
fn the_commands_of_the_page_are_run() {
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let server = setup("sqlite", &partner).start().unwrap();
    let page = fs::read_to_string(workspace().join("docs/operating.md")).unwrap();
    let script = page.split("```sh\n").nth(1).unwrap().split("```").next().unwrap();
    let script = script.replace("127.0.0.1:7070", &server.address.to_string());
    let programs = tests::program().parent().unwrap().display().to_string();
    let output = Command::new("sh")
        .args(["-eu", "-c", &script])
        .env("PATH", format!("{programs}:{}", std::env::var("PATH").unwrap()))
        .env("WAYFARE_ADMIN_KEYS", ADMIN_KEY)
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    for said in [
        "no instance fits",
        "retried 0 instances",
        "`rewards` is paused since",
        "`rewards` goes on",
        "no address is on the list",
    ] {
        assert!(out.contains(said), "{said}: {out}");
    }
}
