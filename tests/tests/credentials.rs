//! Credentials, through the program on both databases: a token of an OAuth 2.0 server, a secret in a file that is replaced
//! while the server runs, and none of them in the database, the log or an answer.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    fs,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::json;
use testkit::{
    Partner, Recorded, Reply,
    server::{Server, Setup},
};
use tests::{DATABASES, add_journey, eventually, instances, person, send, setup, sql::Sql};

const JOURNEY: &str = r#"
connection hub {
  url: env("HUB_URL")
  auth: oauth2 {
    token_url: env("HUB_TOKENS")
    client_id: "way"
    client_secret: secret("HUB_SECRET")
    send: body
  }
  retry: never
  private: "127.0.0.1"
}

action hubAsk(number: int) -> { number: int, echo: string } {
  POST hub "/ask"
  json { "number": {{ number }} }
}

event hubAsked "Hub Asked" { number: int }

journey hubTalk {
  enter on hubAsked as asked
  one per asked.number
  let answer = call hubAsk(asked.number)
  wait 30 days
  exit answer.echo
}
"#;

/// What the partner takes, and how often it gave out a token.
#[derive(Default)]
struct Hub {
    password: String,
    token: String,
    given: usize,
    down: bool,
}

fn answer(hub: &mut Hub, request: &Recorded) -> Reply {
    let echo = format!("{request:?}").replace(['"', '\\'], "'");
    if request.line == "POST /token" {
        if hub.down {
            return Reply { body: echo, ..Reply::status(503) };
        }
        if !request.body.ends_with(&format!("&client_secret={}", hub.password)) {
            let said = format!(r#"{{"error":"invalid_client","error_description":"{echo}"}}"#);
            return Reply { body: said, ..Reply::status(401) };
        }
        hub.given += 1;
        hub.token = format!("canary-token-{}", hub.given);
        return Reply::ok(&format!(r#"{{"access_token":"{}","token_type":"bearer"}}"#, hub.token));
    }
    let good = request.header("authorization") == Some(&format!("Bearer {}", hub.token));
    let number = request.body.chars().filter(char::is_ascii_digit).collect::<String>();
    // The server says back all that it was sent, be it as an answer or an error.
    let body = format!(r#"{{"number":{number},"echo":"marker {echo}"}}"#);
    Reply { body, ..Reply::status(if good { 200 } else { 401 }) }
}

/// All that is in a database, as text.
fn everything(setup: &Setup) -> String {
    if let Some(path) = setup.database.strip_prefix("sqlite:") {
        let read = |suffix: &str| fs::read(format!("{path}{suffix}")).unwrap_or_default();
        return String::from_utf8_lossy(&[read(""), read("-wal")].concat()).into_owned();
    }
    let sql = Sql::of(&setup.database);
    let tables = sql.rows("SELECT CAST(tablename AS TEXT) FROM pg_tables WHERE schemaname = 'public'");
    assert!(tables.len() > 5, "{tables:?}");
    let rows = |table: &String| sql.rows(&format!("SELECT CAST(t AS TEXT) FROM \"{table}\" t")).join("\n");
    tables.iter().map(rows).collect::<Vec<_>>().join("\n")
}

fn run(setup: &Setup, command: &str) -> String {
    let output = Command::new(&setup.program)
        .arg(command)
        .args(["--database", &setup.database, "--config"])
        .arg(setup.folder.join("wayfare.toml"))
        .arg("--journeys")
        .arg(&setup.journeys)
        .envs(setup.environment.iter().cloned())
        .output()
        .unwrap();
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

/// All that the API says of the people's instances and of itself.
fn told(server: &Server) -> String {
    let mut admin = server.admin();
    let mut paths =
        vec!["/v1/instances".to_owned(), "/v1/profiles/c1".into(), "/v1/profiles/c1/timeline".into()];
    paths.extend(["/metrics".to_owned(), "/v1/journeys/hubTalk".into(), "/v1/journeys".into()]);
    for instance in instances(server, "journey=hubTalk") {
        paths.push(format!("/v1/instances/{}", instance["id"].as_str().unwrap()));
    }
    let answers: Vec<String> = paths.iter().map(|path| admin.get(path).unwrap().body).collect();
    answers.join("\n")
}

fn no_secret_is_kept(database: &str, setup: &Setup, server: &Server) {
    let (api, doctor) = (told(server), run(setup, "doctor"));
    let kept = everything(setup);
    let log = fs::read_to_string(setup.log()).unwrap();
    assert!(
        kept.contains("marker") && api.contains("marker"),
        "the answers are not where they are looked for"
    );
    assert!(log.contains("no token could be had") && doctor.contains("variables and hosts"), "{doctor}");
    // Every secret of the test begins like this.
    for (place, text) in [("database", kept), ("API", api), ("log", log), ("doctor", doctor)] {
        let found: Vec<&str> = text.lines().filter(|line| line.contains("canary")).collect();
        assert!(found.is_empty(), "{database}: in the {place}: {found:#?}");
    }
}

fn the_doctor_names_what_is_missing(setup: &Setup) {
    // A secret that is nowhere, and a program that there is not, are named by the doctor.
    for (source, reason) in [
        ("file = \"/none/such\"", "/none/such cannot be read"),
        ("command = [\"/none/such\"]", "`/none/such` cannot be run"),
        ("every = \"1 hour\"", "says where the secret is"),
    ] {
        let further = format!("[secret.HUB_SECRET]\n{source}\n");
        fs::write(setup.folder.join("wayfare.toml"), further).unwrap();
        let said = run(setup, "doctor");
        assert!(said.contains(reason), "{reason} is missing in\n{said}");
    }
}

fn waiting(server: &Server, number: i64) -> bool {
    let at = instances(server, "journey=hubTalk");
    at.iter().filter(|one| one["step"] == "wait-1").count() >= usize::try_from(number).unwrap()
}

fn write(path: &Path, text: &str) {
    // As a mounted secret is replaced.
    let next = path.with_extension("next");
    fs::write(&next, text).unwrap();
    fs::rename(next, path).unwrap();
}

#[test]
fn a_token_is_had_with_a_secret_from_a_file_and_neither_is_kept_anywhere() {
    for database in DATABASES {
        let hub = Arc::new(Mutex::new(Hub { password: "canary-first".into(), ..Hub::default() }));
        let known = hub.clone();
        let partner = Partner::start(move |request, _| answer(&mut known.lock().unwrap(), request)).unwrap();
        let mut setup = setup(database, &partner);
        add_journey(&mut setup, JOURNEY);
        let secret = setup.folder.join("hub-secret");
        write(&secret, "canary-first\n");
        fs::write(
            setup.further_settings(),
            format!("[secret.HUB_SECRET]\nfile = \"{}\"\n", secret.display()),
        )
        .unwrap();
        setup.environment.extend([
            ("HUB_TOKENS".into(), format!("http://{}/token", partner.address)),
            ("HUB_URL".into(), format!("http://{}", partner.address)),
            // All that the libraries know to tell goes into the log.
            ("WAYFARE_LOG".into(), "trace".into()),
        ]);
        let server = setup.start().unwrap();
        person(&server, "c1");
        let mut writer = server.writer();
        let mut ask = |number: i64| {
            let id = format!("hub-{number}");
            send(&mut writer, &id, "Hub Asked", "c1", &json!({ "number": number }));
        };
        (1..=3).for_each(&mut ask);
        eventually("three answers", Duration::from_secs(20), || waiting(&server, 3));
        assert_eq!(hub.lock().unwrap().given, 1);

        // The secret is replaced on both sides and the token revoked: nobody restarts anything.
        write(&secret, "canary-second\n");
        (hub.lock().unwrap().password, hub.lock().unwrap().token) = ("canary-second".into(), "none".into());
        std::thread::sleep(Duration::from_millis(2_100));
        ask(4);
        eventually("an answer after the rotation", Duration::from_secs(20), || waiting(&server, 4));
        assert_eq!(hub.lock().unwrap().given, 2);

        // The token server is down: the call fails, and says why.
        (hub.lock().unwrap().down, hub.lock().unwrap().token) = (true, "none".into());
        ask(5);
        let failed = || instances(&server, "status=failed").pop();
        eventually("a failure", Duration::from_secs(20), || failed().is_some());
        let failure = &failed().unwrap()["failure"];
        assert_eq!(failure["kind"], "auth", "{failure}");
        assert!(failure["reason"].as_str().unwrap().contains("the token server answered 503"), "{failure}");

        no_secret_is_kept(database, &setup, &server);
        the_doctor_names_what_is_missing(&setup);
    }
}
