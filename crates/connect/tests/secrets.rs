//! Secrets that are in files or printed by programs: found, found again when they change, and shown nowhere.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail loudly")]

mod peer;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use connect::{Environment, Partners, Secret, Source};
use graph::{Auth, ErrorKind};
use peer::{Login, get, secret};

/// A partner that wants the secret KEY, which is there.
fn partners(login: &Login, source: Source) -> Partners {
    connect::install_crypto();
    let environment = Environment::of(|_| None).with(BTreeMap::from([("KEY".to_owned(), source)]));
    let connection = login.connection(Auth::Bearer(secret("KEY")));
    Partners::new([Arc::new(connection)], BTreeMap::new(), environment).unwrap()
}

/// The last credentials that the partner was shown.
async fn shown(login: &Login, partners: &Partners) -> String {
    get(partners, "/a").await.unwrap();
    login.partner.seen().last().unwrap().header("authorization").unwrap().to_owned()
}

fn program(folder: &Path, text: &str) -> Source {
    let path = folder.join("program");
    fs::write(&path, text).unwrap();
    Source::Command { words: vec!["sh".into(), path.display().to_string()], every: Duration::from_secs(1) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_read_again_when_it_changes() {
    let (login, folder) = (Login::start(), tempfile::tempdir().unwrap());
    let path = folder.path().join("key");
    fs::write(&path, "first canary\n").unwrap();
    let partners = partners(&login, Source::File(path.clone()));
    assert_eq!(shown(&login, &partners).await, "Bearer first canary");
    // As a mounted secret is replaced: by another file of the same name.
    fs::write(folder.path().join("next"), "second canary\r\n").unwrap();
    fs::rename(folder.path().join("next"), &path).unwrap();
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    assert_eq!(shown(&login, &partners).await, "Bearer second canary");
    // While it is being written it is empty, and for a moment it is gone: what was known goes on.
    fs::write(&path, "").unwrap();
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    assert_eq!(shown(&login, &partners).await, "Bearer second canary");
    fs::remove_file(&path).unwrap();
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    assert_eq!(shown(&login, &partners).await, "Bearer second canary");
    fs::write(&path, "third canary").unwrap();
    let start = Instant::now();
    while shown(&login, &partners).await != "Bearer third canary" {
        assert!(start.elapsed() < Duration::from_secs(10), "the file is not read again");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_runs_once_for_all_and_again_in_time() {
    let (login, folder) = (Login::start(), tempfile::tempdir().unwrap());
    let count = folder.path().join("count");
    let text = format!("sleep 0.2; echo x >> {0}; echo canary $(wc -l < {0})", count.display());
    let partners = partners(&login, program(folder.path(), &text));
    let ends = peer::storm(&partners, 200).await;
    assert_eq!(ends, BTreeMap::from([("401".to_owned(), 200)]), "only the login's own tokens are good");
    assert_eq!(fs::read_to_string(&count).unwrap().lines().count(), 1);
    assert_eq!(shown(&login, &partners).await, "Bearer canary 1");
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    assert_eq!(shown(&login, &partners).await, "Bearer canary 2");
    // It fails from now on: what it printed last is used, and it is left in peace for a while.
    fs::write(folder.path().join("program"), format!("echo x >> {}; exit 3", count.display())).unwrap();
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    for _ in 0..50 {
        assert_eq!(shown(&login, &partners).await, "Bearer canary 2");
    }
    assert_eq!(fs::read_to_string(&count).unwrap().lines().count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_gives_nothing_is_named_and_what_it_said_is_not() {
    let (login, folder) = (Login::start(), tempfile::tempdir().unwrap());
    let file = |name: &str, text: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        Source::File(path)
    };
    let missing = "No such file or directory (os error 2)";
    let place = |name: &str| folder.path().join(name).display().to_string();
    let large = vec![b'x'; (64 << 10) + 1];
    let command = |words: &[&str]| Source::Command {
        words: words.iter().map(|word| (*word).to_owned()).collect(),
        every: Duration::from_secs(60),
    };
    let endless = command(&["sh", "-c", "while true; do echo canary; done"]);
    let cases = [
        (Source::File(PathBuf::from(place("none"))), format!("{} cannot be read: {missing}", place("none"))),
        (file("empty", b"\n"), format!("{} gives nothing", place("empty"))),
        (file("binary", b"\xff\xfe"), format!("{} gives something that is not UTF-8 text", place("binary"))),
        (file("large", &large), format!("{} gives more than 64 KiB", place("large"))),
        (command(&["/none/such"]), format!("`/none/such` cannot be run: {missing}")),
        (
            command(&["sh", "-c", "echo canary; echo canary >&2; exit 3"]),
            "`sh` ended with exit status: 3".into(),
        ),
        (command(&["true"]), "`true` gives nothing".into()),
        (endless, "`sh` gives more than 64 KiB".into()),
    ];
    for (source, reason) in cases {
        let partners = partners(&login, source);
        let error = get(&partners, "/a").await.unwrap_err();
        let whole = format!("the secret KEY is not to be had: {reason}");
        assert_eq!((error.kind, error.reason.as_str()), (ErrorKind::Auth, whole.as_str()));
        assert!(!format!("{error:?} {partners:?}").contains("canary"));
        let missing = partners.missing().await;
        assert_eq!((&*missing[0].name, missing[0].reason.as_str()), ("KEY", whole.as_str()));
    }
    assert!(login.partner.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_hangs_is_ended_and_blocks_nobody() {
    let (login, folder) = (Login::start(), tempfile::tempdir().unwrap());
    let ended = folder.path().join("pid");
    let text = format!("echo $$ > {}; exec sleep 60", ended.display());
    let partners = partners(&login, program(folder.path(), &text));
    let start = Instant::now();
    assert_eq!(get(&partners, "/a").await.unwrap_err().kind, ErrorKind::Timeout);
    assert!(start.elapsed() < Duration::from_secs(6), "an attempt has its own time");
    tokio::time::sleep(Duration::from_millis(5_500)).await;
    let reason = get(&partners, "/a").await.unwrap_err().reason;
    assert_eq!(reason, "the secret KEY is not to be had: `sh` took more than 10 seconds");
    let pid = fs::read_to_string(ended).unwrap();
    assert!(!Path::new("/proc").join(pid.trim()).exists(), "it still runs");
}

#[test]
fn a_secret_is_masked_wherever_it_is_printed() {
    assert_eq!(format!("{:?}", BTreeMap::from([("a", Secret::new("canary"))])), r#"{"a": ••••}"#);
}
