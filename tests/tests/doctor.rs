//! The doctor, through the program on both databases: a healthy deployment is well, and what is broken is named with what
//! mends it. It changes nothing.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

use std::{
    fs,
    io::Write as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;
use sqlx::{ConnectOptions as _, Connection as _, sqlite::SqliteConnectOptions};
use testkit::{
    Partner, Reply,
    server::{ADMIN_KEY, Server, Setup, WRITE_KEY},
};
use tests::{DATABASES, person, setup};

/// What the doctor printed for programs, and its exit code.
fn examined(setup: &Setup, listen: &str, further: &[&str]) -> (Value, i32) {
    let config = setup.folder.join("wayfare.toml");
    let output = Command::new(&setup.program)
        .args(["doctor", "--json", "--database", &setup.database, "--listen", listen, "--config"])
        .arg(config)
        .arg("--journeys")
        .arg(&setup.journeys)
        .args(further)
        .env("WAYFARE_ADMIN_KEYS", ADMIN_KEY)
        .env("WAYFARE_WRITE_KEYS", WRITE_KEY)
        .envs(setup.environment.iter().cloned())
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    (serde_json::from_str(&shown).unwrap(), output.status.code().unwrap())
}

fn examine(setup: &Setup, server: &Server) -> (Value, i32) {
    examined(setup, &server.address.to_string(), &[])
}

/// The one finding with a mark about something whose text or remedy holds these words.
#[track_caller]
fn found(report: &Value, mark: &str, about: &str, words: &[&str]) {
    let fits = |finding: &&Value| {
        let shown = format!("{} {}", finding["text"], finding["mend"]);
        finding["mark"] == mark && finding["about"] == about && words.iter().all(|word| shown.contains(word))
    };
    let count = report["findings"].as_array().unwrap().iter().filter(fits).count();
    assert_eq!(count, 1, "{mark} {about} {words:?} in {report:#}");
}

fn begin(database: &str) -> (Setup, Server) {
    let partner = Partner::start(|_, _| Reply::ok("{}")).unwrap();
    let setup = setup(database, &partner);
    let server = setup.start().unwrap();
    person(&server, "c1");
    (setup, server)
}

/// Says something to PostgreSQL and gives its answer.
fn psql(database: &str, statement: &str) -> String {
    let output = Command::new("psql").args([database, "-qAt", "-c", statement]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Puts a row into the table of migrations, as a newer program would.
fn open_with_a_newer_program(database: &str) {
    const ROW: &str = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'from the future', true, '', 0)";
    match database.strip_prefix("sqlite:") {
        None => drop(psql(database, ROW)),
        Some(file) => {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
                sqlx::query(ROW).execute(&mut connection).await.unwrap();
                connection.close().await.unwrap();
            })
        }
    }
}

#[test]
fn a_healthy_deployment_is_well_beside_its_server_and_without() {
    for database in DATABASES {
        let (setup, server) = begin(database);
        let listen = server.address.to_string();
        let (report, code) = examined(&setup, &listen, &["--deep"]);
        assert_eq!((code, &report["healthy"]), (0, &Value::Bool(true)), "{report:#}");
        found(&report, "ok", "server", &[&listen, "ready"]);
        found(&report, "ok", "schema", &["up to date"]);
        found(&report, "ok", "work", &["nothing is overdue"]);
        found(&report, "ok", "journeys", &["5 journeys"]);
        // It goes on taking what comes.
        person(&server, "c2");
    }
}

#[test]
fn a_file_is_left_as_it_is() {
    let (setup, server) = begin("sqlite");
    let path = PathBuf::from(setup.database.strip_prefix("sqlite:").unwrap());
    server.kill().unwrap();
    let beside = |ending: &str| fs::read(format!("{}{ending}", path.display())).ok();
    let all = || ["", "-wal"].map(beside);
    let before = all();
    let (report, code) = examined(&setup, "127.0.0.1:1", &[]);
    assert_eq!(code, 0, "{report:#}");
    found(&report, "note", "server", &["no server answers"]);
    assert!(before == all(), "what a killed server left was changed");

    // What was closed in good order has no log beside it, and is given none.
    open_and_close(&path);
    let before = all();
    assert!(before[1].is_none());
    assert_eq!(examined(&setup, "127.0.0.1:1", &["--deep"]).1, 0);
    assert!(before == all() && beside("-shm").is_none());
}

fn open_and_close(file: &PathBuf) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        let mut connection = SqliteConnectOptions::new().filename(file).connect().await.unwrap();
        sqlx::query("SELECT count(*) FROM meta").execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    });
}

#[test]
fn a_missing_variable_is_named() {
    for database in DATABASES {
        let (mut setup, server) = begin(database);
        setup.environment.retain(|(name, _)| name != "REWARDS_TOKEN");
        let (report, code) = examine(&setup, &server);
        assert_eq!(code, 1);
        found(&report, "wrong", "variables", &["REWARDS_TOKEN", "`rewards`", "set REWARDS_TOKEN"]);
        assert_eq!(report["summary"], "1 thing is wrong.");
    }
}

#[test]
fn a_private_host_that_is_not_listed_is_named() {
    let (setup, server) = begin("sqlite");
    let config = setup.folder.join("wayfare.toml");
    let settings = fs::read_to_string(&config).unwrap();
    let (before, rewards) = settings.split_once("[connection.rewards]").unwrap();
    fs::write(
        &config,
        format!("{before}[connection.rewards]{}", rewards.replacen("private", "# private", 1)),
    )
    .unwrap();
    let (report, code) = examine(&setup, &server);
    assert_eq!(code, 1);
    found(&report, "wrong", "hosts", &["`rewards`", "loopback", "[connection.rewards]"]);
}

#[test]
fn a_database_of_a_newer_program_is_named() {
    for database in DATABASES {
        let (setup, server) = begin(database);
        server.kill().unwrap();
        open_with_a_newer_program(&setup.database);
        let (report, code) = examined(&setup, "127.0.0.1:1", &[]);
        assert_eq!(code, 1);
        found(&report, "wrong", "schema", &["newer Wayfare", "9999", "run the newer program"]);
    }
}

#[test]
fn what_is_no_database_is_named() {
    let (mut setup, server) = begin("sqlite");
    let file = setup.folder.join("letter.txt");
    fs::write(&file, "Dear Ada, this is no database at all.").unwrap();
    setup.database = format!("sqlite:{}", file.display());
    let (report, code) = examine(&setup, &server);
    assert_eq!(code, 1);
    found(&report, "wrong", "database", &["letter.txt is no SQLite database", "right file"]);

    setup.database = "postgres://wayfare:swordfish@127.0.0.1:1/wayfare".into();
    let (report, code) = examine(&setup, &server);
    assert_eq!(code, 1);
    found(&report, "wrong", "database", &["postgres://wayfare@127.0.0.1:1/wayfare", "see that it runs"]);
    assert!(!report.to_string().contains("swordfish"));
}

#[test]
fn a_node_that_died_and_shards_that_nobody_holds_are_named() {
    let (setup, server) = begin("postgres");
    let address = server.address.to_string();
    let (report, _) = examine(&setup, &server);
    found(&report, "ok", "nodes", &["1 node is alive", &address, "64 shards"]);
    found(&report, "ok", "shards", &["all 64 shards"]);

    server.kill().unwrap();
    let begin = Instant::now();
    let (report, code) = loop {
        let (report, code) = examined(&setup, &address, &[]);
        // Its lease outlives it for a moment.
        if code == 1 || begin.elapsed() > Duration::from_secs(20) {
            break (report, code);
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    assert_eq!(code, 1);
    found(&report, "wrong", "nodes", &["no node works", &address, "start it again"]);

    // Somebody who lives and takes nothing.
    psql(
        &setup.database,
        "INSERT INTO nodes (id, address, key, expires_at) \
         VALUES (gen_random_uuid(), 'http://10.0.0.7:7070', 'k', (extract(epoch FROM now()) * 1000000)::bigint + 600000000)",
    );
    let (report, code) = examined(&setup, &address, &[]);
    assert_eq!(code, 1);
    found(&report, "wrong", "shards", &["64 of 64 shards", "held by nobody"]);
    found(&report, "note", "nodes", &[&address, "said nothing"]);
}

#[test]
fn a_session_that_is_idle_in_a_transaction_is_named() {
    let (setup, server) = begin("postgres");
    let mut idle = hold_a_transaction(&setup.database);
    let holding = "SELECT pid FROM pg_stat_activity WHERE application_name = 'forgetful' AND state = 'idle in transaction'";
    let mut pid = psql(&setup.database, holding);
    while pid.is_empty() {
        std::thread::sleep(Duration::from_millis(50));
        pid = psql(&setup.database, holding);
    }
    // Short transactions are nobody's affair.
    assert_eq!(examine(&setup, &server).1, 0);
    std::thread::sleep(Duration::from_secs(61));
    let (report, code) = examine(&setup, &server);
    assert_eq!(code, 1);
    let remedy = format!("SELECT pg_terminate_backend({pid});");
    found(
        &report,
        "wrong",
        "sessions",
        &[&format!("session {pid} of forgetful"), "idle in a transaction", &remedy],
    );

    psql(&setup.database, &remedy);
    let (report, code) = examine(&setup, &server);
    assert_eq!(code, 0, "{report:#}");
    let _ = idle.kill();
    let _ = idle.wait();
}

/// A program that begins a transaction and forgets it.
fn hold_a_transaction(database: &str) -> Child {
    let mut idle = Command::new("psql")
        .args([database, "-q"])
        .env("PGAPPNAME", "forgetful")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    idle.stdin.as_mut().unwrap().write_all(b"BEGIN;\nSELECT count(*) FROM meta;\n").unwrap();
    idle
}
