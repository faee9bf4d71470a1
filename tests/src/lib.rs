//! The binary from outside: real HTTP, both databases, `kill -9`, and the tidiness of the tree.
//!
//! The tests are in `tests/`; this library holds what they share, and the kit that proofs are made with: a [`ledger`], an
//! [`auditor`], a [`shim`] that cuts the power, breaks the disk and moves the clock, and a [`kill`] at a chosen place. A
//! [`detour`] leads the program to servers that pass for others.

pub mod auditor;
pub mod detour;
pub mod doubt;
pub mod kill;
pub mod ledger;
pub mod power;
pub mod proof;
pub mod release;
pub mod shim;
pub mod sql;

use std::{
    fs,
    path::PathBuf,
    process::Command,
    sync::OnceLock,
    time::{Duration, Instant},
};

use serde_json::Value;
use testkit::{
    Partner, Reply,
    http::Client,
    server::{Server, Setup, workspace},
};

/// The program under test: what the variable `WAYFARE_PROGRAM` names, or else built once.
///
/// # Panics
/// When it cannot be built.
#[expect(clippy::panic, reason = "a test without its program must fail")]
pub fn program() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT
        .get_or_init(|| {
            if let Some(program) = std::env::var_os("WAYFARE_PROGRAM") {
                return program.into();
            }
            let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
            let mut build = Command::new(cargo);
            build.args(["build", "--quiet", "--package", "cli"]).current_dir(workspace());
            // What cargo says of this package would look to build scripts, such as that of *ring*, like a change since it
            // was built from a shell; then all that stands on it would be built anew, here and there by turns.
            for (name, _) in std::env::vars_os() {
                let of_package =
                    |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
                if name.to_str().is_some_and(of_package) {
                    build.env_remove(name);
                }
            }
            let built = build.status();
            if !built.is_ok_and(|status| status.success()) {
                panic!("wayfare cannot be built");
            }
            // This test stands in target/<profile>/deps, the program one folder above.
            let mut path = std::env::current_exe().unwrap_or_default();
            path.pop();
            path.pop();
            path.join("wayfare")
        })
        .clone()
}

/// The kinds of database that every story is told to.
pub const DATABASES: [&str; 2] = ["sqlite", "postgres"];

/// Tells a story that mostly waits to both databases at once.
///
/// # Panics
/// When one of them fails.
pub fn on_both(story: impl Fn(&'static str) + Sync) {
    std::thread::scope(|scope| {
        for database in DATABASES {
            let story = &story;
            scope.spawn(move || story(database));
        }
    });
}

/// A setup of the example journeys over an empty database, every connection leading to one partner.
///
/// # Panics
/// When there is no folder for it.
#[expect(clippy::panic, reason = "a test without a folder must fail")]
pub fn setup(database: &str, partner: &Partner) -> Setup {
    let folder = match tempfile::Builder::new().prefix("wayfare-test-").tempdir() {
        Ok(folder) => folder.keep(),
        Err(error) => panic!("no folder for a test: {error}"),
    };
    let connections = ["twilio", "warehouse", "rewards", "recommendations", "payments", "slack"];
    let secrets = [
        "TWILIO_TOKEN",
        "WAREHOUSE_KEY",
        "REWARDS_TOKEN",
        "RECOMMENDATIONS_KEY",
        "PAYMENTS_TOKEN",
        "SLACK_TOKEN",
    ];
    let mut environment: Vec<(String, String)> =
        secrets.iter().map(|name| ((*name).to_owned(), format!("canary-{}", name.to_lowercase()))).collect();
    environment.push(("TWILIO_ACCOUNT".into(), "AC1".into()));
    Setup {
        program: program(),
        journeys: workspace().join("journeys"),
        database: match database {
            "sqlite" => format!("sqlite:{}", folder.join("test.db").display()),
            _ => testkit::postgres(),
        },
        connections: connections.iter().map(|name| ((*name).to_owned(), partner.address)).collect(),
        environment,
        folder,
    }
}

/// A setup of a project of its own over an empty database, these connections leading to one partner.
///
/// # Panics
/// When it cannot be written.
#[expect(clippy::panic, reason = "a test without its project must fail")]
pub fn setup_of(database: &str, partner: &Partner, project: &str, connections: &[&str]) -> Setup {
    let mut setup = setup(database, partner);
    setup.journeys = setup.folder.join("own.journey");
    setup.connections = connections.iter().map(|name| ((*name).to_owned(), partner.address)).collect();
    if let Err(error) = fs::write(&setup.journeys, project) {
        panic!("a project cannot be written: {error}");
    }
    setup
}

/// Has the connection `email` lead to a mail server, which the secret `MAIL_CA` vouches for.
///
/// # Panics
/// When it cannot be written.
#[expect(clippy::panic, reason = "a test without its mail server must fail")]
pub fn lead_mail_to(setup: &mut Setup, mails: &testkit::MailServer) {
    setup.environment.push(("MAIL_CA".into(), mails.authority.clone()));
    let address = mails.address;
    let further = format!("[connection.email]\nurl = \"smtps://{address}\"\nprivate = [\"127.0.0.1\"]\n");
    if let Err(error) = fs::write(setup.further_settings(), further) {
        panic!("the settings cannot be written: {error}");
    }
}

/// Puts a further journey beside the example ones.
///
/// # Panics
/// When it cannot be written.
#[expect(clippy::panic, reason = "a test without its journeys must fail")]
pub fn add_journey(setup: &mut Setup, text: &str) {
    let folder = setup.folder.join("journeys");
    let copy = || -> std::io::Result<()> {
        fs::create_dir(&folder)?;
        for file in fs::read_dir(&setup.journeys)? {
            let file = file?;
            if file.path().is_file() {
                fs::copy(file.path(), folder.join(file.file_name()))?;
            }
        }
        fs::write(folder.join("further.journey"), text)
    };
    if let Err(error) = copy() {
        panic!("the journeys cannot be written: {error}");
    }
    setup.journeys = folder;
}

/// A server over an empty database with a further journey beside the example ones, a partner that takes everything, and
/// one person, `c1`.
///
/// # Panics
/// When it does not start.
#[expect(clippy::panic, reason = "a test without its server must fail")]
pub fn begin(database: &str, journey: &str) -> (Partner, Setup, Server) {
    let started = Partner::start(|_, _| Reply::ok("{}")).and_then(|partner| {
        let mut setup = setup(database, &partner);
        add_journey(&mut setup, journey);
        let server = setup.start()?;
        Ok((partner, setup, server))
    });
    match started {
        Ok((partner, setup, server)) => {
            person(&server, "c1");
            (partner, setup, server)
        }
        Err(error) => panic!("no server for a test: {error}"),
    }
}

/// Sends one event and expects it to be taken.
///
/// # Panics
/// When it is not.
pub fn send(client: &mut Client, id: &str, event: &str, profile: &str, properties: &Value) {
    let body = serde_json::json!({"id": id, "event": event, "profile": profile, "properties": properties});
    match client.json("POST", "/v1/events", &body.to_string()) {
        Ok(answer) => assert_eq!(answer.status, 202, "{}", answer.body),
        Err(error) => assert!(error.to_string().is_empty(), "the event was not sent: {error}"),
    }
}

/// Sets a profile that the example journeys can use.
///
/// # Panics
/// When it is not taken.
pub fn person(server: &Server, key: &str) {
    let body = serde_json::json!({
        "userId": format!("u-{key}"), "phoneNumber": "+49301234567", "firstName": "Ada", "email": "ada@example.com",
    });
    let answer = server.writer().json("PUT", &format!("/v1/profiles/{key}"), &body.to_string());
    let status = answer.map(|answer| (answer.status, answer.body));
    assert!(matches!(status, Ok((200, _))), "{status:?}");
}

/// The instances that fit a query, as the API lists them.
///
/// # Panics
/// When it does not say: a list that was not told is no empty one.
#[expect(clippy::panic, reason = "a test without its answer must fail")]
pub fn instances(server: &Server, query: &str) -> Vec<Value> {
    let page = server.admin().get(&format!("/v1/instances?{query}")).map(|page| page.json());
    match page.as_ref().map(|page| page.get("instances").and_then(Value::as_array)) {
        Ok(Some(instances)) => instances.clone(),
        Ok(None) | Err(_) => panic!("instances are not told for {query}: {page:?}"),
    }
}

/// What was refused, as the server lists it, latest first.
///
/// # Panics
/// When it does not say.
#[expect(clippy::panic, reason = "a test without its answer must fail")]
pub fn refusals(server: &Server) -> Vec<Value> {
    let page = server.admin().get("/v1/refusals").map(|page| page.json());
    match page.as_ref().map(|page| page.get("refused").and_then(Value::as_array)) {
        Ok(Some(refused)) => refused.clone(),
        Ok(None) | Err(_) => panic!("refusals are not told: {page:?}"),
    }
}

/// A figure of a server's memory in KiB, by its name in `/proc/PID/status`: `VmRSS` what it has, `VmHWM` the most it had.
///
/// # Panics
/// When the system does not say.
#[expect(clippy::panic, reason = "a test without its figure must fail")]
pub fn memory(server: &Server, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap_or_default();
    let figure =
        status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().nth(1)?.parse().ok());
    figure.unwrap_or_else(|| panic!("{name} is not told: {status}"))
}

/// Checks that a server counts just so.
///
/// # Panics
/// When one of the lines is not among its metrics.
#[expect(clippy::panic, reason = "a test may fail loudly")]
pub fn counts(server: &Server, lines: &[&str]) {
    let metrics = match server.admin().get("/metrics") {
        Ok(answer) => answer.body,
        Err(error) => panic!("metrics are not told: {error}"),
    };
    for line in lines {
        assert!(metrics.contains(line), "{line} is missing in\n{metrics}");
    }
}

/// Waits for something that must come to pass.
///
/// # Panics
/// When it does not in time.
pub fn eventually(what: &str, patience: Duration, mut done: impl FnMut() -> bool) -> Duration {
    let begin = std::time::Instant::now();
    while !done() {
        assert!(begin.elapsed() < patience, "in vain waited for: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
    begin.elapsed()
}

/// The most moments that any stretch of this length sees.
pub fn most_within(stretch: Duration, moments: &[Instant]) -> usize {
    let mut sorted = moments.to_vec();
    sorted.sort();
    let within =
        |first: &Instant| sorted.iter().filter(|one| **one >= *first && **one < *first + stretch).count();
    sorted.iter().map(within).max().unwrap_or_default()
}

/// Sends these people (`p0`, `p1`, …) an event each, which has their number as `n`.
///
/// # Panics
/// When they are not taken.
pub fn send_to_each(server: &Server, event: &str, numbers: std::ops::Range<usize>) {
    let one = |n| serde_json::json!({"id": format!("{event}-{n}"), "event": event, "profile": format!("p{n}"), "properties": {"n": n}});
    let events: Vec<Value> = numbers.map(one).collect();
    match server.writer().json("POST", "/v1/events", &Value::from(events).to_string()) {
        Ok(answer) => assert_eq!(answer.status, 202, "{}", answer.body),
        Err(error) => assert!(error.to_string().is_empty(), "the events were not sent: {error}"),
    }
}
