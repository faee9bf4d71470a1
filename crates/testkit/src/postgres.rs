//! A throw-away PostgreSQL: one server per test process, a fresh database for whoever asks.
//!
//! Tests fail when there is no PostgreSQL; none of them skips itself. `WAYFARE_TEST_POSTGRES` names a server to use
//! instead, as the URL of a user who may create databases.

use std::{
    io::Write as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

static SERVER: OnceLock<String> = OnceLock::new();
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// The URL of a fresh, empty database.
///
/// # Panics
/// When no server can be had: the message says what is missing.
pub fn postgres() -> String {
    let server = SERVER.get_or_init(|| match std::env::var("WAYFARE_TEST_POSTGRES") {
        Ok(url) => url.trim_end_matches('/').to_owned(),
        Err(_) => start(),
    });
    let name = format!("wayfare_{}_{}", std::process::id(), DATABASES.fetch_add(1, Ordering::Relaxed));
    run(Command::new("psql").args([
        &format!("{server}/postgres"),
        "-q",
        "-c",
        &format!("CREATE DATABASE {name}"),
    ]));
    format!("{server}/{name}")
}

/// Starts a server that ends with this process.
fn start() -> String {
    let folder = tempfile::Builder::new().prefix("wayfare-postgres-").tempdir().map(tempfile::TempDir::keep);
    let folder = folder.unwrap_or_else(|error| fail(&format!("no folder for PostgreSQL: {error}")));
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map_or(54_321, |a| a.port());
    // The server refuses to run as root.
    let user = is_root().then_some("postgres");
    if let Some(user) = user {
        run(Command::new("chown").arg(user).arg(&folder));
    }
    let data = folder.join("data");
    run(command(user, &program("initdb"))
        .args(["-A", "trust", "-U", "postgres", "--no-sync", "-D"])
        .arg(&data));
    let settings = format!(
        "port = {port}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{}'\nmax_connections = 200\n",
        folder.display()
    );
    let written = std::fs::OpenOptions::new().append(true).open(data.join("postgresql.conf"));
    if let Err(error) = written.and_then(|mut file| file.write_all(settings.as_bytes())) {
        fail(&format!("PostgreSQL cannot be set up: {error}"));
    }
    let control = program("pg_ctl");
    let log = folder.join("log");
    run(command(user, &control).args(["-w", "-t", "60", "start", "-D"]).arg(&data).arg("-l").arg(log));
    watch(user, &control, &data, &folder);
    format!("postgres://postgres@127.0.0.1:{port}")
}

/// Stops the server and removes its folder when this process is gone, however it ends.
fn watch(user: Option<&str>, control: &Path, data: &Path, folder: &Path) {
    let script = "while [ -d \"/proc/$1\" ]; do sleep 0.5; done; \
                  \"$2\" -m immediate stop -D \"$3\" >/dev/null 2>&1; rm -rf \"$4\"";
    let watcher = command(user, Path::new("sh"))
        .args(["-c", script, "sh", &std::process::id().to_string()])
        .args([control, data, folder])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    if let Err(error) = watcher {
        fail(&format!("PostgreSQL cannot be watched: {error}"));
    }
}

fn command(user: Option<&str>, program: &Path) -> Command {
    match user {
        None => Command::new(program),
        Some(user) => {
            let mut command = Command::new("runuser");
            command.args(["-u", user, "--"]).arg(program).current_dir("/");
            command
        }
    }
}

fn program(name: &str) -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> =
        versions.map(|version| version.path().join("bin").join(name)).filter(|path| path.exists()).collect();
    found.sort();
    found.pop().unwrap_or_else(|| PathBuf::from(name))
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    Path::new("/proc/self").metadata().is_ok_and(|meta| meta.uid() == 0)
}

fn run(command: &mut Command) {
    match command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => fail(&format!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr))),
        Err(error) => fail(&format!("{command:?} cannot be started ({error}); install PostgreSQL's server")),
    }
}

#[expect(clippy::panic, reason = "a test without its database must fail")]
fn fail(reason: &str) -> ! {
    panic!("{reason}")
}
